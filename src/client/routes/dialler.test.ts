/** The dialler over routes that a test plays: each answers, waits, fails or starves as it is told, on a fake clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { parseRoute, routeName, type Route, type RouteZone } from '../../matrix/routes/route.ts';
import type { ClientEnvironment } from '../environment.ts';
import { nodeEnvironment } from '../testing.ts';
import { Dialler } from './dialler.ts';
import { RouteFailure } from './failures.ts';
import { Scores } from './scores.ts';

/** After how long a route answers a path; `undefined` for never; a failure at once. */
type Play = (path: string) => number | undefined | Error;

class World {
  nowMs = 0;
  readonly sent: string[] = [];
  readonly scores = new Scores(() => this.nowMs);
  readonly dialler: Dialler;
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  constructor(plays: Readonly<Record<string, Play>>, zones: Readonly<Record<string, RouteZone>> = {}) {
    const environment: ClientEnvironment = nodeEnvironment({ nowMs: () => this.nowMs, sleep: this.sleep });
    const routes = Object.keys(plays).map((host) => routeOf(host, zones[host]));
    const fetchVia = async (route: Route, path: string): Promise<Response> => {
      const host = new URL(routeName(route)).hostname.split('.')[0] ?? '';
      this.sent.push(`${host} ${path} at ${this.nowMs}`);
      const after = plays[host]?.(path);
      if (after instanceof Error) throw after;
      if (after === undefined) return new Promise(() => undefined);
      await this.sleep(after);
      return new Response(`{"from":"${host}"}`);
    };
    const options = { environment, fetchVia, name: 'https://a.example.org', scores: this.scores };
    this.dialler = new Dialler({ ...options, onChanged: () => undefined }, routes);
  }

  readonly sleep = (delayMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((wake) => {
      const sleeper = { atMs: this.nowMs + delayMs, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        wake();
      });
    });

  /** Runs the clock, one sleeper after the other, until the promise is settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const ended = promise.finally(() => {
      isOver = true;
    });
    ended.catch(() => undefined);
    for (let step = 0; step < 10_000 && !isOver; step += 1) {
      await turn();
      const [next] = [...this.#sleepers].toSorted((left, right) => left.atMs - right.atMs);
      if (next === undefined || isOver) continue;
      this.#sleepers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
    }
    return await ended;
  }

  async from(promise: Promise<Response>): Promise<string> {
    const body = (await (await this.settle(promise)).json()) as { from: string };
    return `${body.from} at ${this.nowMs}`;
  }

  get(path: string, waitMs?: number): Promise<Response> {
    const hints = { isRepeatable: true, ...(waitMs !== undefined && { waitMs }) };
    return this.dialler.fetch(path, { method: 'GET' }, hints);
  }

  post(path: string): Promise<Response> {
    return this.dialler.fetch(path, { method: 'POST', body: '{}' }, { isRepeatable: false });
  }
}

function routeOf(host: string, zone?: RouteZone): Route {
  const route = parseRoute(`https://${host}.example.org`, zone);
  assert.ok(route !== undefined);
  return route;
}

const REFUSED = Object.assign(new TypeError('fetch failed'), { code: 'ECONNREFUSED' });

test('a silent route costs 300 ms, or 1 s abroad, and then the next one is asked as well', async () => {
  const near = new World({ a: () => undefined, b: () => 20 });
  assert.equal(await near.from(near.get('/x')), 'b at 320');
  const far = new World({ a: () => undefined, b: () => 20 }, { a: 'abroad' });
  assert.equal(await far.from(far.get('/x')), 'b at 1020');
});

test('a route that fails costs no time at all, and is asked last until its penalty is over', async () => {
  const world = new World({ a: () => REFUSED, b: () => 20 });
  assert.equal(await world.from(world.get('/x')), 'b at 20');
  assert.equal(world.scores.of(routeOf('a')).lastFailure?.kind, 'refused');
  assert.equal(await world.from(world.get('/y')), 'b at 40');
  assert.deepEqual(world.sent, ['a /x at 0', 'b /x at 0', 'b /y at 20']);
});

test('the last winner is asked first, alone while it is as quick as it was', async () => {
  const world = new World({ a: () => 5_000, b: () => 200 });
  await world.settle(world.get('/x'));
  world.sent.length = 0;
  const from = world.nowMs;
  await world.settle(world.get('/y'));
  assert.deepEqual(
    world.sent.filter((line) => line.includes('/y')),
    [`b /y at ${from}`],
  );
});

test('a request that must not be repeated goes out once, over a route that has just been proved', async () => {
  const world = new World({ a: () => undefined, b: () => 20 });
  assert.match(await world.from(world.post('/once')), /^b/);
  assert.equal(world.sent.filter((line) => line.includes('/once')).length, 1);
  const failing = new World({ a: (path) => (path === '/once' ? REFUSED : 10), b: () => 5_000 });
  await assert.rejects(failing.settle(failing.post('/once')), RouteFailure);
  assert.equal(failing.sent.filter((line) => line.includes('/once')).length, 1);
});

test('a long poll on a route that falls silent goes on over another within three seconds', async () => {
  let isDead = false;
  const world = new World({
    a: (path) => (isDead || path === '/sync' ? undefined : 50),
    b: (path) => (path === '/sync' ? 200 : 80),
  });
  await world.settle(world.get('/x'));
  const from = world.nowMs;
  isDead = true;
  assert.match(await world.from(world.get('/sync', 60_000)), /^b/);
  assert.ok(world.nowMs - from <= 3_000, `${world.nowMs - from} ms`);
});

test('the longer a conversation is silent, the rarer a route that is in use is asked whether it is there', async () => {
  const world = new World({ a: (path) => (path === '/sync' ? 600_000 : 50), b: () => 80 });
  await world.settle(world.get('/x'));
  world.sent.length = 0;
  await world.settle(world.get('/sync', 600_000));
  const probes = world.sent.filter((line) => line.startsWith('a /_matrix/client/versions')).length;
  assert.ok(probes >= 15 && probes <= 60, `${probes} probes in ten minutes`);
});

test('a page in the server’s place is a failure of the route; the server’s own error is an answer', async () => {
  const page = new Response('<html>', { status: 502, headers: { 'content-type': 'text/html' } });
  const own = new Response('{}', { status: 502, headers: { 'content-type': 'application/json' } });
  const environment = nodeEnvironment();
  const dialler = (answer: Response) =>
    new Dialler(
      {
        environment,
        fetchVia: async () => answer,
        name: 'a',
        scores: new Scores(() => environment.nowMs()),
        onChanged: () => undefined,
      },
      [routeOf('a')],
    );
  await assert.rejects(dialler(page).fetch('/x', {}, { isRepeatable: true }), { kind: 'gateway' });
  assert.equal((await dialler(own).fetch('/x', {}, { isRepeatable: true })).status, 502);
});

test('when no route answers, the failure says so, each route having been asked', async () => {
  const world = new World({ a: () => REFUSED, b: () => REFUSED, c: () => REFUSED });
  await assert.rejects(world.settle(world.get('/x')), { kind: 'refused' });
  assert.deepEqual(
    world.sent.map((line) => line.slice(0, 1)),
    ['a', 'b', 'c'],
  );
});

test('a request that was given up ends at once and accuses no route', async () => {
  const world = new World({ a: () => undefined, b: () => undefined });
  const controller = new AbortController();
  const asked = world.dialler.fetch('/x', { signal: controller.signal }, { isRepeatable: true });
  controller.abort();
  await assert.rejects(world.settle(asked));
  assert.equal(world.scores.of(routeOf('a')).failures, 0);
});

test('a route that is suspected loses its long polls, not the requests that are on their way', async () => {
  let isSlow = false;
  const world = new World({
    a: (path) => (path === '/_matrix/client/versions' && isSlow ? undefined : path === '/slow' ? 9_000 : 50),
    b: () => 80,
  });
  await world.settle(world.get('/x'));
  isSlow = true;
  const posted = world.post('/slow');
  const probed = world.dialler.probe(routeOf('a'));
  assert.match(await world.from(posted), /^a/);
  assert.equal(await probed, false);
});
