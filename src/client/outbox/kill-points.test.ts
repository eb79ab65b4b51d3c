/** The worker is stopped at every point of sending, and started again on its store: nothing lost, nothing twice. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { directLine } from '../routes/line.ts';
import { Api } from '../api/call.ts';
import type { ClearContent } from '../events.ts';
import { openMemoryStore } from '../store/memory.ts';
import { createSealer, generateSealingKey, type Sealer } from '../store/sealer.ts';
import type { Store } from '../store/store.ts';
import { nodeEnvironment } from '../testing.ts';
import { Outbox, type Draft } from './outbox.ts';

const ROOM = '!a:b';

/** Lets `left` steps through; from then on nothing that was begun ever ends, as in a worker that is gone. */
class Life {
  #left: number;
  isOver = false;

  constructor(left: number) {
    this.#left = left;
  }

  async step(): Promise<void> {
    if (this.#left === 0) this.isOver = true;
    if (this.isOver) await new Promise(() => undefined);
    this.#left -= 1;
  }

  /** A point before and a point after: what is done may be done without its doer hearing of it. */
  async around<R>(action: () => Promise<R>): Promise<R> {
    await this.step();
    const result = await action();
    await this.step();
    return result;
  }
}

/** A server that takes a transaction once, and tells the same answer again. */
class Server {
  readonly events: { readonly transactionId: string; readonly text: string }[] = [];
  readonly uploads: string[] = [];

  answer(url: string, body: string): Response {
    if (url.includes('/upload')) {
      this.uploads.push(body);
      return Response.json({ content_uri: `mxc://s/${this.uploads.length}` });
    }
    const transactionId = /\/([^/?]+)(?:\?|$)/.exec(url)?.[1] ?? '';
    const text = url.includes('/redact/') ? 'redaction' : body;
    const known = this.events.findIndex((event) => event.transactionId === transactionId);
    // "The homeserver should return the same event": but what is sent again must be the same, too.
    if (known >= 0) assert.equal(text, this.events[known]?.text);
    else this.events.push({ transactionId, text });
    return Response.json({ event_id: `$${known >= 0 ? known : this.events.length - 1}` });
  }
}

function mortalStore(store: Store, life: Life): Store {
  return {
    read: (tables, body) => life.around(() => store.read(tables, body)),
    write: (tables, body) => life.around(() => store.write(tables, body)),
    erase: () => store.erase(),
    close: () => store.close(),
  };
}

let encryptions = 0;

function start(world: { store: Store; sealer: Sealer; server: Server }, life: Life): Outbox {
  const { store, sealer, server } = world;
  const environment = nodeEnvironment({
    fetch: (url, init) => {
      const body = typeof init.body === 'string' ? init.body : JSON.stringify(init.body);
      return life.around(async () => server.answer(url, body));
    },
    sleep: () => life.step(),
  });
  const tokens = { accessToken: () => 't', refresh: async () => false, onTokenRefused: () => undefined };
  return new Outbox({
    environment,
    store: mortalStore(store, life),
    sealer: {
      seal: (value) => life.around(() => sealer.seal(value)),
      open: (bytes) => life.around(() => sealer.open(bytes)),
    },
    api: new Api(environment, directLine(environment, 'https://s'), tokens),
    // Each encryption gives another ciphertext, as the ratchet does.
    protect: (_, message: ClearContent) =>
      life.around(async () => {
        encryptions += 1;
        return { type: 'm.room.encrypted', content: { n: encryptions, was: message.content } };
      }),
    onChange: () => undefined,
  });
}

const say = (body: string): Draft => ({ roomId: ROOM, type: 'm.room.message', content: { msgtype: 'm.text', body } });

const DRAFTS: readonly Draft[] = [
  say('one'),
  {
    ...say('picture'),
    uploads: [{ blobId: 'b', field: 'file', contentType: 'image/png', name: '', bytes: Uint8Array.of(80, 78, 71) }],
  },
  { roomId: ROOM, type: 'm.room.redaction', content: {}, redacts: '$old' },
  say('two'),
];

async function isAllSent(outbox: Outbox): Promise<boolean> {
  return (await outbox.list(ROOM)).every(({ record }) => record.state === 'sent');
}

/** Sends the drafts in a life of `steps` steps, then whatever is left in a second one. */
async function liveTwice(steps: number): Promise<{ server: Server; kept: string[]; wasKilled: boolean }> {
  const store = openMemoryStore();
  const sealer = createSealer(nodeEnvironment(), await generateSealingKey(nodeEnvironment()));
  const world = { store, sealer, server: new Server() };
  const first = new Life(steps);
  const outbox = start(world, first);
  const kept: string[] = [];
  let isOver = false;
  void (async () => {
    for (const draft of DRAFTS) kept.push(await outbox.enqueue(draft));
    while (!(await isAllSent(outbox))) await nextTurn();
    isOver = true;
  })();
  while (!isOver && !first.isOver) await nextTurn();
  const second = start(world, new Life(Number.POSITIVE_INFINITY));
  // Half of the runs see in their first sync what the server has taken already.
  if (steps % 2 === 0) {
    const transactionIds = new Set(world.server.events.map((event) => event.transactionId));
    await second.confirmSeen({ transactionIds, eventIds: new Set() });
  }
  second.kick();
  while (!(await isAllSent(second))) await nextTurn();
  second.stop();
  return { server: world.server, kept, wasKilled: first.isOver };
}

test('a worker that is stopped anywhere sends each message once, in order', { timeout: 30_000 }, async () => {
  const STEPS_MAX = 400;
  let steps = 0;
  for (; steps < STEPS_MAX; steps += 1) {
    const { server, kept, wasKilled } = await liveTwice(steps);
    const sent = server.events.map((event) => event.transactionId);
    assert.equal(new Set(sent).size, sent.length);
    // What the person was told is kept arrives, in order; what was just being stored may arrive behind it.
    assert.deepEqual(sent.slice(0, kept.length), kept, `stopped after ${steps} steps`);
    assert.ok(sent.length <= kept.length + 1);
    const picture = server.events.find((event) => event.text.includes('picture'));
    if (picture !== undefined) assert.match(picture.text, /mxc:\/\/s\/\d/);
    if (!wasKilled) break;
  }
  assert.ok(steps > 40 && steps < STEPS_MAX, `${steps} points`);
});
