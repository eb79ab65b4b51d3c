/** Rooms that everybody here has forgotten are deleted, and may be entered anew. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import type { EventId, RoomId, UserId } from '../../src/matrix/ids.ts';
import { systemClock } from '../../src/adapters/clock/index.ts';
import type { Clock, Timer } from '../../src/ports/clock.ts';
import { type TestServer, type User, v3 } from '../harness/index.ts';
import { TestNetwork, useServers } from '../harness/network.ts';
import { untilSeen } from './until.ts';

const [alpha, beta] = useServers(['alpha.test', 'beta.test']);

/** The system's clock, but that the test moves it on, and that it says when a minute is over. */
class MovedClock implements Clock {
  movedMs = 0;
  readonly #minutes: (() => void)[] = [];
  readonly monotonic = systemClock.monotonic.bind(systemClock);

  now(): number {
    return systemClock.now() + this.movedMs;
  }

  schedule(delayMs: number, task: () => void): Timer {
    if (delayMs !== 60_000) return systemClock.schedule(delayMs, task);
    this.#minutes.push(task);
    return { cancel: () => undefined };
  }

  /** How many wait for the end of a minute. */
  get waiting(): number {
    return this.#minutes.length;
  }

  endMinute(): void {
    for (const task of this.#minutes.splice(0)) task();
  }
}

/** Resolves when a room of the server has been deleted. */
function purged(server: TestServer): Promise<void> {
  return new Promise((resolve) => {
    server.running.services.context.stream.listen((change) => {
      if (change.kind === 'purged') resolve();
    });
  });
}

async function assertGone(server: TestServer, room: string, events: readonly string[]): Promise<void> {
  const { store } = server.running.services.context;
  assert.equal(await store.rooms.findRoom(room as RoomId), undefined);
  assert.deepEqual(await store.events.getEvents(events as EventId[]), []);
  assert.deepEqual(await store.purge.listPurges(), []);
}

async function forget(user: User, room: string): Promise<void> {
  await user.ok('POST', v3`/rooms/${room}/forget`, {});
}

test('a room is deleted when the last user here has forgotten it, not before', async () => {
  const [alice, carol] = [await alpha.register('alice'), await alpha.register('carol')];
  const room = await alice.createRoom({ preset: 'public_chat', room_alias_name: `gone-${alice.device}`.toLowerCase() });
  await carol.join(room);
  const texts: string[] = [];
  for (let count = 0; count < 250; count += 1) texts.push(await alice.send(room, `text ${count}`));
  await alice.leave(room);
  await forget(alice, room);
  assert.equal((await carol.ok('GET', v3`/rooms/${room}/messages?dir=b&limit=5`)).status, 200);
  const gone = purged(alpha);
  await carol.leave(room);
  const { body: before } = await carol.sync();
  await forget(carol, room);
  await gone;
  await assertGone(alpha, room, texts);
  assert.equal((await carol.call('GET', v3`/rooms/${room}/messages?dir=b`)).status, 403);
  const alias = await carol.call('GET', v3`/directory/room/${`#gone-${alice.device}:alpha.test`.toLowerCase()}`);
  assert.equal(alias.status, 404);
  // A token from before the room went is as good as ever.
  const { next_batch: since } = before as { next_batch: string };
  const other = await carol.createRoom({});
  const after = await carol.sync({ since });
  const { rooms } = after.body as { rooms: { join: object; leave?: object } };
  assert.deepEqual([Object.keys(rooms.join), Object.keys(rooms.leave ?? {})], [[other], []]);
});

test('a room of another server is deleted once that server knows, and can be joined again', async () => {
  const bob = await beta.register('bob');
  const alice = await alpha.register('alice');
  const room = await bob.createRoom({ preset: 'public_chat' });
  await alice.ok('POST', `${v3`/join/${room}`}?via=beta.test`, {});
  const first = await bob.send(room, 'first');
  await untilSeen(alice, room, first);
  await alice.leave(room);
  const { outbound } = alpha.running.services.federation;
  const { store } = alpha.running.services.context;
  const left = store.position;
  while (outbound.settled < left) await nextTurn();
  const gone = purged(alpha);
  await forget(alice, room);
  await gone;
  await assertGone(alpha, room, [first]);
  const member = await bob.ok('GET', v3`/rooms/${room}/state/m.room.member/${alice.id}`);
  assert.equal(member.text('membership'), 'leave');
  await alice.ok('POST', `${v3`/join/${room}`}?via=beta.test`, {});
  await untilSeen(alice, room, await bob.send(room, 'welcome back'));
  await untilSeen(bob, room, await alice.send(room, 'here again'));
});

test('a deletion that a crash has cut off is finished at the next start; the room is unknown at once', async () => {
  const network = new TestNetwork();
  const gamma = network.server('gamma.test');
  await gamma.start();
  try {
    const alice = await gamma.register('alice');
    const room = await alice.createRoom({ preset: 'public_chat' });
    const text = await alice.send(room, 'text');
    const { store } = gamma.running.services.context;
    const record = await store.rooms.findRoom(room as RoomId);
    assert.ok(record !== undefined);
    await store.transact((one) => one.purge.beginPurge({ room: record.number, roomId: room as RoomId }));
    await gamma.restart();
    assert.equal((await alice.call('POST', v3`/join/${room}`, {})).status, 404);
    const { store: after } = gamma.running.services.context;
    while ((await after.purge.listPurges()).length > 0) await nextTurn();
    await assertGone(gamma, room, [text]);
  } finally {
    await gamma.finish();
  }
});

test('a server that is away is given seven days to hear that nobody is in the room any more', async () => {
  const network = new TestNetwork();
  const clock = new MovedClock();
  const [gamma, delta] = [network.server('gamma.test', { clock }), network.server('delta.test')];
  await gamma.start();
  await delta.start();
  try {
    const alice = await gamma.register('alice');
    const dora = await delta.register('dora');
    const room = await alice.createRoom({ preset: 'public_chat' });
    await dora.ok('POST', `${v3`/join/${room}`}?via=gamma.test`, {});
    await delta.stop();
    await alice.leave(room);
    await forget(alice, room);
    const { store } = gamma.running.services.context;
    for (const days of [0, 6]) {
      while (clock.waiting === 0) await nextTurn();
      clock.movedMs = days * 24 * 3_600_000;
      const { stream } = gamma.running.services.context;
      const [place] = await store.rooms.listMemberships(alice.id as UserId);
      assert.ok(place?.forgotten === true, 'it is still there');
      clock.endMinute();
      stream.publish({ kind: 'forgotten', user: place.user, room: place.room });
    }
    while (clock.waiting === 0) await nextTurn();
    clock.movedMs = 8 * 24 * 3_600_000;
    const gone = purged(gamma);
    clock.endMinute();
    await gone;
    await assertGone(gamma, room, []);
  } finally {
    await gamma.finish();
    await delta.finish();
  }
});
