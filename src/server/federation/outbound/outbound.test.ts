import assert from 'node:assert/strict';
import { test } from 'node:test';
import { name, type Peer, RETRY, World } from '../../../../test/harness/outbound/world.ts';
import { transactionText } from './index.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A world with servers in room 1. */
async function withPeers(count: number): Promise<{ world: World; peers: Peer[]; first: Peer }> {
  const world = new World();
  const peers = Array.from({ length: count }, (_, index) => world.peer(`peer${index}.example`));
  await world.join(1, ...peers);
  await world.start();
  const [first] = peers;
  assert.ok(first !== undefined);
  return { world, peers, first };
}

test('the body of a transaction is canonical JSON', () => {
  const parts = {
    id: 't1',
    originServerTs: 5,
    pdus: ['{"a":1}', '{"b":2}'],
    edus: ['{"content":{},"edu_type":"m.x"}'],
  };
  assert.equal(
    transactionText(name('own.example'), parts),
    '{"edus":[{"content":{},"edu_type":"m.x"}],"origin":"own.example","origin_server_ts":5,"pdus":[{"a":1},{"b":2}]}',
  );
});

test('an event reaches every server of its room once, in order, and no other', async () => {
  const { world, peers } = await withPeers(3);
  const stranger = world.peer('stranger.example');
  await world.join(2, stranger);
  const said = [];
  for (let count = 0; count < 10; count += 1) {
    said.push(await world.say(1));
    await world.pass(15);
  }
  await world.pass(500);
  for (const peer of peers) assert.deepEqual(peer.pdus, said);
  assert.deepEqual(stranger.pdus, []);
  assert.equal(world.gauge('active_destinations') + world.gauge('sleeping_destinations'), 0, 'nobody is remembered');
});

test('what comes while a transaction is on its way goes together in the next one', async () => {
  const { world, first } = await withPeers(1);
  await world.say(1);
  await world.pass(100);
  first.latencyMs = 1000;
  await world.say(1);
  await world.settle();
  for (let count = 0; count < 60; count += 1) await world.say(1);
  await world.pass(5000);
  assert.deepEqual(
    first.taken.map((one) => one.pdus.length),
    [1, 1, 50, 10],
  );
});

test('an event goes to the servers of its time, and to the one that it names', async () => {
  const { world, first } = await withPeers(2);
  const late = world.peer('late.example');
  const kicked = world.peer('kicked.example');
  const before = await world.say(1);
  await world.join(1, late);
  const named = await world.say(1, { also: kicked });
  await world.leave(1, first);
  const after = await world.say(1);
  await world.pass(1000);
  assert.deepEqual(first.pdus, [before, named]);
  assert.deepEqual(late.pdus, [named, after]);
  assert.deepEqual(kicked.pdus, [named]);
});

test('a server that does not answer is left alone longer and longer, and gets the same transaction again', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'down';
  await world.say(1);
  await world.pass(5 * MINUTE_MS, 500);
  const pauses = first.tried.slice(1).map(({ at }, index) => at - (first.tried[index]?.at ?? 0) - 10_000);
  assert.ok(pauses.length >= 5);
  for (const [index, pause] of pauses.entries()) {
    const nominal = RETRY.initialMs * 2 ** index;
    assert.ok(pause >= 0.9 * nominal - 500 && pause <= 1.1 * nominal + 1000, `pause ${index}: ${pause}`);
  }
  assert.equal(new Set(first.tried.map(({ transaction }) => transaction.id)).size, 1);
  await world.say(1);
  first.mode = 'up';
  world.outbound.contact(first.server);
  await world.pass(1000);
  assert.equal(first.taken.length, 2, 'what was repeated held what it held; the rest followed');
  assert.deepEqual(first.taken[0]?.pdus.length, 1);
  assert.equal(world.gauge('sleeping_destinations'), 0);
});

test('the longest pause is an hour', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'down';
  await world.say(1);
  await world.pass(30 * HOUR_MS, MINUTE_MS / 2);
  const last = first.tried.slice(-3).map(({ at }) => at);
  for (const [index, at] of last.slice(1).entries()) assert.ok(at - (last[index] ?? 0) <= 1.1 * HOUR_MS + MINUTE_MS);
  first.mode = 'up';
  await world.pass(1.2 * HOUR_MS, MINUTE_MS / 2);
  assert.equal(first.pdus.length, 1);
});

test('contact ends a pause, at most once a second', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'down';
  await world.say(1);
  await world.pass(10 * MINUTE_MS, 1000);
  const before = first.tried.length;
  for (let count = 0; count < 30; count += 1) {
    world.outbound.contact(first.server);
    await world.pass(1000, 100);
  }
  assert.ok(first.tried.length - before >= 2 && first.tried.length - before <= 4, 'each attempt takes ten seconds');
  world.outbound.contact(name('unknown.example'));
});

test('the network comes back: everybody is tried', async () => {
  const { world, peers } = await withPeers(30);
  for (const peer of peers) peer.mode = 'down';
  await world.say(1);
  await world.pass(HOUR_MS, 1000);
  for (const peer of peers) peer.mode = 'up';
  world.outbound.contactAll();
  await world.pass(20_000, 100);
  for (const peer of peers) assert.equal(peer.pdus.length, 1);
});

test('a server that was away for less than fifty events gets each of them', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'down';
  const said = [];
  for (let count = 0; count < 45; count += 1) said.push(await world.say(1));
  await world.pass(MINUTE_MS, 1000);
  first.mode = 'up';
  await world.pass(HOUR_MS, 10_000);
  assert.deepEqual(first.pdus, said);
});

test('a server that was away for longer gets the newest event of each room, the oldest room first', async () => {
  const { world, first } = await withPeers(1);
  await world.join(2, first);
  await world.join(3, first);
  first.mode = 'down';
  await world.say(1);
  await world.pass(20_000, 500);
  for (let count = 0; count < 100; count += 1) await world.say(1);
  const newest = [await world.say(2), await world.say(1)];
  const kicked = await world.say(7, { also: first });
  newest.push(kicked, await world.say(3));
  first.mode = 'up';
  await world.pass(HOUR_MS, 10_000);
  assert.deepEqual(first.pdus.slice(1), newest, 'after the transaction that was repeated');
  const live = await world.say(1);
  await world.pass(1000);
  assert.deepEqual(first.pdus.at(-1), live);
});

test('an event of ours that others have overtaken is caught up by what overtook it', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'down';
  for (let count = 0; count < 60; count += 1) await world.say(1);
  const foreign = await world.say(1, { isForeign: true });
  first.mode = 'up';
  await world.pass(HOUR_MS, 10_000);
  assert.deepEqual(first.pdus.slice(1), [foreign], 'after the transaction that was repeated');
});

test('messages that must not be lost come in order, and stay until they are acknowledged', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'mute';
  const edus = Array.from({ length: 250 }, (_, index) => `{"edu_type":"m.direct_to_device","n":${index}}`);
  for (const edu of edus) await world.queueEdu(first, edu);
  await world.pass(5000, 100);
  assert.ok(world.disk.edus.length === 250, 'an answer that is lost acknowledges nothing');
  await world.crash();
  first.mode = 'up';
  await world.pass(HOUR_MS, 10_000);
  assert.deepEqual([...new Set(first.edus)], edus);
  assert.deepEqual(world.disk.edus, []);
});

test('EDUs that may be dropped: the newest of a key, to servers that answer', async () => {
  const { world, peers, first } = await withPeers(2);
  const dead = peers[1];
  assert.ok(dead !== undefined);
  dead.mode = 'down';
  await world.say(1);
  await world.pass(500);
  first.latencyMs = 1000;
  world.outbound.sendEphemeral(first.server, 'typing 1 @a', '"start"');
  await world.settle();
  for (const json of ['"stop"', '"start again"', '"stop again"']) {
    world.outbound.sendEphemeral(first.server, 'typing 1 @a', json);
    world.outbound.sendEphemeral(dead.server, 'typing 1 @a', json);
  }
  world.outbound.sendEphemeral(first.server, 'receipt 1', '"read"');
  await world.pass(20_000, 200);
  assert.deepEqual(first.edus, ['"start"', '"stop again"', '"read"']);
  dead.mode = 'up';
  await world.pass(HOUR_MS, 10_000);
  assert.deepEqual(dead.edus, []);
  assert.equal(dead.pdus.length, 1);
});

for (const [what, status] of [
  ['a bad event', 400],
  ['a large event', 413],
  ['an event on which the server fails', 500],
] as const) {
  test(`${what} is set aside, and everything else arrives`, async () => {
    const { world, first } = await withPeers(1);
    await world.say(1);
    await world.pass(100);
    first.mode = 'picky';
    first.refuse = ({ pdus }) =>
      pdus.some((pdu) => pdu.includes('poison')) ? { kind: 'refused', status, why: `HTTP ${status}` } : undefined;
    const good = [...first.pdus];
    for (let count = 0; count < 40; count += 1) {
      const body = count === 17 ? ',"poison":1' : '';
      const said = await world.say(1, { body });
      if (body === '') good.push(said);
    }
    await world.queueEdu(first, '"kept"');
    await world.pass(10 * MINUTE_MS, 500);
    assert.deepEqual(first.pdus, good);
    assert.deepEqual(first.edus, ['"kept"']);
    assert.equal(world.disk.undeliverable.length, 1);
    assert.match(world.disk.undeliverable[0]?.json ?? '', /poison/);
    assert.equal(world.disk.undeliverable[0]?.why, `HTTP ${status}`);
    assert.equal(world.metrics.counts.get('postern_federation_set_aside_total'), 1);
  });
}

test('an EDU can be what a server does not take', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'picky';
  first.refuse = ({ edus }) => (edus.includes('"bad"') ? { kind: 'refused', status: 400, why: 'HTTP 400' } : undefined);
  for (const edu of ['"1"', '"2"', '"bad"', '"3"']) await world.queueEdu(first, edu);
  await world.pass(MINUTE_MS, 200);
  assert.deepEqual(first.edus, ['"1"', '"2"', '"3"']);
  assert.deepEqual(
    world.disk.undeliverable.map((row) => row.json),
    ['"bad"'],
  );
});

test('EDUs that may be dropped are, where a server does not take them', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'picky';
  first.refuse = ({ edus }) => (edus.length > 0 ? { kind: 'refused', status: 400, why: 'HTTP 400' } : undefined);
  await world.say(1);
  await world.pass(200);
  world.outbound.sendEphemeral(first.server, 'k', '"x"');
  await world.say(1);
  await world.pass(MINUTE_MS, 200);
  assert.equal(first.pdus.length, 2);
  assert.deepEqual(world.disk.undeliverable, []);
});

test('a server that refuses everything loses little, and is left alone', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'picky';
  first.refuse = ({ pdus, edus }) =>
    pdus.length + edus.length > 0 ? { kind: 'refused', status: 400, why: 'HTTP 400' } : undefined;
  for (let count = 0; count < 45; count += 1) await world.say(1);
  await world.pass(10_000, 100);
  assert.ok(world.disk.undeliverable.length <= 9);
  assert.equal(world.gauge('sleeping_destinations'), 1);
});

test('a server that refuses even an empty transaction is not suspected of anything', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'picky';
  for (const status of [400, 401, 403, 404, 500, 502]) {
    first.refuse = () => ({ kind: 'refused', status, why: `HTTP ${status}` });
    await world.say(1);
    await world.pass(5 * MINUTE_MS, 1000);
  }
  assert.deepEqual(world.disk.undeliverable, []);
  first.mode = 'up';
  await world.pass(2 * HOUR_MS, 10_000);
  assert.equal(first.pdus.length, 6);
});

test('a server says how long it wants to be left alone', async () => {
  const { world, first } = await withPeers(1);
  first.mode = 'picky';
  first.refuse = () => ({ kind: 'refused', status: 429, why: 'HTTP 429', retryAfterMs: 600_000 });
  await world.say(1);
  await world.pass(9 * MINUTE_MS, 1000);
  assert.equal(first.tried.length, 1);
  await world.pass(2 * MINUTE_MS, 1000);
  assert.equal(first.tried.length, 2);
});

test('a clean end repeats nothing under another id; a crash repeats the last moments', async () => {
  const { world, first } = await withPeers(1);
  const said = [await world.say(1)];
  await world.pass(3000);
  first.mode = 'mute';
  first.latencyMs = 1000;
  said.push(await world.say(1));
  await world.settle();
  await world.restart();
  first.mode = 'up';
  await world.pass(10_000, 100);
  said.push(await world.say(1));
  await world.pass(1500, 100);
  await world.crash();
  await world.pass(10_000, 100);
  assert.deepEqual([...new Set(first.pdus)], said);
  const ids = first.taken.map((one) => one.id);
  assert.equal(new Set(ids).size, ids.length);
});

test('what was not read or written is tried again', async () => {
  const { world, first } = await withPeers(1);
  await world.say(1);
  await world.pass(100);
  await world.queueEdu(first, '"1"');
  world.disk.isBroken = true;
  await world.pass(2000, 100);
  world.disk.isBroken = false;
  await world.pass(HOUR_MS, 10_000);
  assert.deepEqual(world.disk.edus, []);
  assert.ok(world.errors.length > 0);
});

test('a thousand dead servers do not slow ten live ones', async () => {
  const { world, peers: live } = await withPeers(10);
  const dead = Array.from({ length: 1000 }, (_, index) => world.peer(`dead${index}.example`));
  await world.say(1);
  await world.pass(1000);
  for (const peer of dead) peer.mode = 'down';
  await world.join(1, ...dead);
  const saidAt = new Map<string, number>();
  for (let count = 0; count < 100; count += 1) {
    const at = world.clock.now();
    saidAt.set(await world.say(1), at);
    await world.pass(3000, 100);
  }
  const waits = live.flatMap((peer) =>
    [...saidAt].map(([pdu, at]) => (peer.takenAt.get(pdu) ?? Number.POSITIVE_INFINITY) - at),
  );
  waits.sort((left, right) => left - right);
  assert.ok((waits[Math.floor(waits.length * 0.99)] ?? 0) < 2000, 'the live ones wait less than two seconds');
  assert.ok(dead.some((peer) => peer.tried.length > 0) && dead.every((peer) => peer.taken.length === 0));
  assert.ok(world.gauge('active_destinations') <= 20, 'the dead share twenty places');
  assert.equal(world.gauge('queued_events'), 0);
});
