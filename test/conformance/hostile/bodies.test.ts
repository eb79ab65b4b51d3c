/** Bodies and parameters that no honest client sends: the specification's error, at once, and nothing has changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer } from '../../harness/index.ts';
import { Seeded } from '../sync/actions.ts';
import { brokenBodies, type Mutant, valueMutants, wholeMutants } from './mutants.ts';
import { rowCounts } from './rows.ts';
import { endpoints, makeScene, pathOf, type Scene, type Target, targetOf } from './targets.ts';
import { complaints, send } from './wire.ts';

const SEED = Number(process.env['POSTERN_SEED'] ?? '1');
/** Mutants of each operation; 0 for all. */
const PICK = Number(process.env['POSTERN_HOSTILE'] ?? '40');

let scene: Scene;
const server = useServer({}, async (started) => {
  scene = await makeScene(started);
});

/** Operations after which the caller is gone: asked with a caller of their own. */
const ENDING = new Set([
  'logout',
  'logout_all',
  'deactivateAccount',
  'deleteDevice',
  'deleteDevices',
  'changePassword',
]);

function pick(all: readonly Mutant[], random: Seeded): readonly Mutant[] {
  if (PICK === 0 || all.length <= PICK) return all;
  return Array.from({ length: PICK }, () => random.pick(all));
}

async function attack(target: Target, mutants: readonly Mutant[]): Promise<string[]> {
  const { endpoint } = target;
  const found: string[] = [];
  let token = scene.user.token;
  if (ENDING.has(endpoint.id)) token = (await server.register('doomed')).token;
  for (const mutant of mutants) {
    const answer = await send(server, {
      method: endpoint.method,
      path: pathOf(target),
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: mutant.body,
    });
    found.push(...complaints(answer, `${endpoint.id} ${mutant.name}`));
    if (ENDING.has(endpoint.id) && answer.status === 200) token = (await server.register('doomed')).token;
  }
  return found;
}

test('every operation: wrong types, missing fields, hostile values (adv-026, adv-101, adv-102)', async () => {
  const random = new Seeded(SEED);
  const found: string[] = [];
  for (const endpoint of endpoints(server)) {
    if (endpoint.body === undefined) continue;
    const target = targetOf(endpoint, scene);
    const body = target.body ?? {};
    const mutants = [...wholeMutants(body), ...pick(valueMutants(body, target.full), random)];
    found.push(...(await attack(target, mutants)));
  }
  assert.deepEqual(found, []);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined, 'no prototype was polluted');
});

test('every operation: bodies that are no JSON object change nothing', async () => {
  const before = await rowCounts(server);
  const found: string[] = [];
  for (const endpoint of endpoints(server)) {
    if (endpoint.body === undefined || ENDING.has(endpoint.id)) continue;
    const target = targetOf(endpoint, scene);
    for (const mutant of brokenBodies(target.body ?? {})) {
      const answer = await send(server, {
        method: endpoint.method,
        path: pathOf(target),
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${scene.user.token}` },
        body: mutant.body,
      });
      const what = `${endpoint.id} ${mutant.name}`;
      found.push(...complaints(answer, what));
      if (answer.status < 400) found.push(`accepted: ${what}`);
    }
  }
  assert.deepEqual(found, []);
  assert.deepEqual(await rowCounts(server), before);
});

test('every operation: forms are no JSON, whatever their case (adv-093, adv-094)', async () => {
  const before = await rowCounts(server);
  const found: string[] = [];
  const types = [
    'multipart/form-data; boundary=x',
    'Multipart/Form-Data;boundary=x',
    ' application/x-www-form-urlencoded',
    'MULTIPART/FORM-DATA',
  ];
  for (const endpoint of endpoints(server)) {
    if (endpoint.body === undefined) continue;
    const target = targetOf(endpoint, scene);
    for (const type of types) {
      const headers = { 'Content-Type': type, Authorization: `Bearer ${scene.user.token}` };
      const body = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--';
      const answer = await send(server, { method: endpoint.method, path: pathOf(target), headers, body });
      found.push(...complaints(answer, `${endpoint.id} ${type}`));
      if (answer.status !== 415) found.push(`${endpoint.id} ${type}: ${answer.status}`);
    }
  }
  assert.deepEqual(found, []);
  assert.deepEqual(await rowCounts(server), before);
});

test('every operation: query and path parameters (adv-101, adv-102)', async () => {
  const found: string[] = [];
  const hostile = [
    '',
    '%00',
    '%FF',
    '%ED%A0%80',
    'a'.repeat(8_000),
    '__proto__',
    'constructor',
    '%F0%9F%98%80',
    '-1',
    '1e999',
    '9007199254740993',
    '0.5',
    '%7B%22a%22:%5B',
    'true',
    'null',
    '%2e%2e%2f',
    '%22',
    '%E2%80%AE',
    '%25',
    '%',
  ];
  for (const endpoint of endpoints(server)) {
    const target = targetOf(endpoint, scene);
    const body = endpoint.body === undefined ? undefined : JSON.stringify(target.body);
    const token = ENDING.has(endpoint.id) ? 'none' : scene.user.token;
    const headers = {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      Authorization: `Bearer ${token}`,
    };
    const names = Object.keys((endpoint.query as { properties?: object }).properties ?? {});
    const paths = [
      ...names.flatMap((name) => hostile.map((one) => `${pathOf(target)}?${name}=${one}`)),
      ...names.map((name) => `${pathOf(target)}?${name}=a&${name}=b&${name}[]=c`),
      ...[...target.parameters.keys()].flatMap((name) => hostile.map((one) => pathOf(target, new Map([[name, one]])))),
    ];
    for (const path of paths) {
      // A long poll that is in order may wait: here it must not.
      const answer = await send(server, {
        method: endpoint.method,
        path: path.replace('timeout=9007199254740993', 'timeout=0'),
        headers,
        body,
      });
      found.push(...complaints(answer, `${endpoint.method} ${path.slice(0, 160)}`));
    }
  }
  assert.deepEqual(found, []);
});

test('a body over the limit is too large, announced or not (adv-093)', async () => {
  const path = '/_matrix/client/v3/createRoom';
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${scene.user.token}` };
  const body = Buffer.alloc(200 * 65_536 + 1, 0x20);
  const announced = await send(server, { method: 'POST', path, headers, body });
  assert.equal(announced.status, 413);
  const chunked = await send(server, { method: 'POST', path, headers: { ...headers, 'Content-Length': '0' } });
  assert.ok(chunked.status < 500);
});
