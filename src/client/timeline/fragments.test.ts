import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openMemoryStore } from '../store/memory.ts';
import type { EventRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { appendLive, applyRedaction, findEvent, FRAGMENT_TABLES, prependOlder } from './fragments.ts';

const roomId = '!r:example.org';

function message(at: number, more: Partial<EventRecord> = {}): EventRecord {
  return {
    eventId: `$${at}`,
    type: 'm.room.message',
    sender: '@a:b',
    timestampMs: at,
    content: { body: String(at) },
    ...more,
  };
}

function append(
  store: Store,
  live: number | undefined,
  ids: number[],
  options: { limited?: boolean; prev?: string } = {},
) {
  return store.write(FRAGMENT_TABLES, (one) =>
    appendLive(one, {
      roomId,
      liveFragment: live,
      events: ids.map((id) => message(id)),
      limited: options.limited ?? false,
      prevBatch: options.prev,
    }),
  );
}

async function read(store: Store, fragment: number): Promise<string[]> {
  const rows = await store.read(['events'], (one) => one.list('events', { prefix: [roomId, fragment] }));
  return rows.map((row) => row.value.eventId);
}

test('a gapped answer opens a fragment and back-pagination closes the gap', async () => {
  const store = openMemoryStore();
  await append(store, undefined, [1, 2]);
  const second = await append(store, 0, [7, 8], { limited: true, prev: 'p7' });
  assert.equal(second?.gap, true);
  assert.deepEqual(await read(store, 1), ['$7', '$8']);
  await store.write(FRAGMENT_TABLES, (one) =>
    prependOlder(one, { roomId, fragment: 1, events: [6, 5].map((id) => message(id)), end: 'p5' }),
  );
  const half = await store.read(['fragments'], (one) => one.find('fragments', [roomId, 1]));
  assert.equal(half?.backToken, 'p5');
  await store.write(FRAGMENT_TABLES, (one) =>
    prependOlder(one, { roomId, fragment: 1, events: [4, 3, 2, 1].map((id) => message(id)), end: 'p1' }),
  );
  const whole = await store.read(['fragments'], (one) => one.find('fragments', [roomId, 1]));
  assert.deepEqual(whole, { first: -4, last: 1, previous: 0 });
  const older = await store.read(['fragments'], (one) => one.find('fragments', [roomId, 0]));
  assert.deepEqual(older, { first: 0, last: 1, backToken: 'p1' });
  assert.deepEqual(await read(store, 1), ['$3', '$4', '$5', '$6', '$7', '$8']);
});

test('an expanded timeline goes before what is known, and repeats nothing', async () => {
  const store = openMemoryStore();
  await append(store, undefined, [5], { limited: true, prev: 'p5' });
  const more = await append(store, 0, [3, 4, 5, 6], { limited: true, prev: 'p3' });
  assert.deepEqual(
    more?.fresh.map((event) => event.eventId),
    ['$3', '$4', '$6'],
  );
  assert.deepEqual(await read(store, 0), ['$3', '$4', '$5', '$6']);
  const record = await store.read(['fragments'], (one) => one.find('fragments', [roomId, 0]));
  assert.equal(record?.backToken, 'p3');
});

test('however an answer overlaps what is known, the live fragment stays in order without doubles', async () => {
  const steps = fc.array(fc.record({ back: fc.nat(4), forward: fc.nat(4) }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (moves) => {
      const store = openMemoryStore();
      let end = 0;
      let live: number | undefined;
      for (const move of moves) {
        const start = Math.max(0, end - move.back);
        const ids = Array.from({ length: end + move.forward - start }, (_, at) => start + at);
        end += move.forward;
        live = (await append(store, live, ids, { limited: move.back === 0, prev: 'p' }))?.liveFragment ?? live;
      }
      const seen = (await read(store, live ?? 0)).map((id) => Number(id.slice(1)));
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(seen).size, seen.length);
    }),
    { numRuns: 100 },
  );
});

test('a redaction empties the event and removes its relation', async () => {
  const store = openMemoryStore();
  const reaction = message(2, {
    type: 'm.reaction',
    content: { 'm.relates_to': { rel_type: 'm.annotation', event_id: '$1', key: '👍' } },
  });
  await store.write(FRAGMENT_TABLES, (one) =>
    appendLive(one, {
      roomId,
      liveFragment: undefined,
      events: [message(1), reaction],
      limited: false,
      prevBatch: undefined,
    }),
  );
  assert.equal(await store.write(FRAGMENT_TABLES, (one) => applyRedaction(one, roomId, '$2')), true);
  await store.read(FRAGMENT_TABLES, async (one) => {
    assert.deepEqual((await findEvent(one, roomId, '$2'))?.content, {});
    assert.deepEqual(await one.list('relations', { prefix: [roomId, '$1'] }), []);
  });
});

test('one page closes several gaps', async () => {
  const store = openMemoryStore();
  await append(store, undefined, [2], { limited: true, prev: 'p2' });
  await append(store, 0, [4], { limited: true, prev: 'p4' });
  await append(store, 1, [6], { limited: true, prev: 'p6' });
  await store.write(FRAGMENT_TABLES, (one) =>
    prependOlder(one, { roomId, fragment: 2, events: [5, 4, 3, 2, 1].map((id) => message(id)), end: undefined }),
  );
  const records = await store.read(['fragments'], (one) => one.list('fragments', { prefix: [roomId] }));
  assert.deepEqual(
    records.map(({ value }) => value),
    [
      { first: -1, last: 0 },
      { first: -1, last: 0, previous: 0 },
      { first: -1, last: 0, previous: 1 },
    ],
  );
});
