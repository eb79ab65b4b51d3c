import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseUserId } from '../../matrix/ids.ts';
import { present } from '../../lib/assert.ts';
import type { RoomNumber } from '../../ports/store/index.ts';
import { Stream } from '../stream/index.ts';
import { ChangeIndex, UserIndex } from './change-index.ts';

const USER = present(parseUserId('@a:b'), 'a user id');

interface Touch {
  readonly room: RoomNumber;
  readonly position: number;
  readonly isEvent: boolean;
}

const step = fc.record({
  room: fc.integer({ min: 1, max: 6 }),
  gap: fc.integer({ min: 1, max: 3 }),
  isEvent: fc.boolean(),
});

/** Changes at growing positions, as the stream tells them. */
const live = fc.array(step, { maxLength: 300 }).map((steps) => {
  let position = 0;
  return steps.map(
    ({ room, gap, isEvent }): Touch => ({ room: room as RoomNumber, position: (position += gap), isEvent }),
  );
});

/** Rooms changed after a position, the newest change first, computed anew from all touches. */
function recomputed(touches: readonly Touch[], after: number): RoomNumber[] {
  const newest = new Map<RoomNumber, number>();
  for (const { room, position } of touches) newest.set(room, Math.max(newest.get(room) ?? -1, position));
  return [...newest]
    .filter(([, position]) => position > after)
    .toSorted(([, left], [, right]) => right - left)
    .map(([room]) => room);
}

describe("a user's change index", () => {
  it('tells the changes after a position as all changes do', () => {
    fc.assert(
      fc.property(live, fc.nat({ max: 400 }), (touches, after) => {
        const index = new UserIndex(USER);
        for (const { room, position, isEvent } of touches) index.touch(room, position, isEvent);
        assert.deepEqual([...index.changedAfter(after)], recomputed(touches, after));
        const events = touches.filter((one) => one.isEvent);
        assert.deepEqual([...index.byActivity()], recomputed(events, -1));
        for (const { room } of touches) {
          assert.equal(
            index.positionOf(room),
            Math.max(...touches.filter((one) => one.room === room).map((one) => one.position)),
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it('takes what the store tells in any order, and what comes after it', () => {
    fc.assert(
      fc.property(live, fc.nat({ max: 1 }), fc.nat({ max: 300 }), (touches, reversed, split) => {
        const index = new UserIndex(USER);
        const stored = touches.slice(0, split);
        for (const one of reversed === 1 ? stored.toReversed() : stored)
          index.touch(one.room, one.position, one.isEvent);
        index.settle();
        for (const one of touches.slice(split)) index.touch(one.room, one.position, one.isEvent);
        for (const after of [-1, 0, 10, split, 600]) {
          assert.deepEqual([...index.changedAfter(after)], recomputed(touches, after));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('tells a room once, however often it is told of one change', () => {
    const index = new UserIndex(USER);
    for (let times = 0; times < 3; times += 1) index.touch(1 as RoomNumber, 5, true);
    assert.deepEqual([...index.changedAfter(0)], [1]);
    assert.deepEqual([...index.byActivity()], [1]);
  });

  it('never goes back for a change that is older than what it knows', () => {
    const index = new UserIndex(USER);
    index.touch(1 as RoomNumber, 5, true);
    index.touch(1 as RoomNumber, 3, true);
    assert.equal(index.positionOf(1 as RoomNumber), 5);
    assert.deepEqual([...index.changedAfter(4)], [1]);
    assert.equal(index.positionOf(2 as RoomNumber), -1);
  });
});

describe('the indexes of all users', () => {
  it('keep a room forgotten that is forgotten while they are filled', async () => {
    const room = 1 as RoomNumber;
    const stream = new Stream();
    const row = { room, membership: 'leave', position: 4, forgotten: false, sender: USER };
    const store = {
      position: 9,
      rooms: {
        listJoinedPositions: async () => [],
        listMemberships: async () => {
          // Forgotten after the row has been read.
          stream.publish({ kind: 'forgotten', user: USER, room });
          return [row];
        },
      },
      userData: { listAccountData: async () => [] },
    };
    const context = { stream, store, clock: undefined };
    const [given, rooms] = [context, {}] as unknown as ConstructorParameters<typeof ChangeIndex>;
    const index = await new ChangeIndex(given, rooms).get(USER);
    assert.equal(index.places.get(room)?.membership, 'leave');
    assert.equal(index.places.get(room)?.forgotten, true);
  });
});
