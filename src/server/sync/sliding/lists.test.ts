import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { UserId } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import type { Membership, RoomNumber } from '../../../ports/store/index.ts';
import type { AccountData } from '../../account-data/index.ts';
import type { Context } from '../../context.ts';
import type { Rooms } from '../../rooms/index.ts';
import { UserIndex } from '../change-index.ts';
import { Connection } from './connection.ts';
import { Lists, type Selection } from './lists.ts';
import { parseRequest } from './request.ts';

const ME = '@me:a' as UserId;
const OTHER = '@other:a' as UserId;

interface RoomFacts {
  readonly membership?: Membership;
  readonly byUser?: boolean;
  readonly type?: string;
  readonly encrypted?: boolean;
  readonly tags?: readonly string[];
  readonly direct?: boolean;
  /** Children of a space, by room number, with the `via` of their event. */
  readonly children?: ReadonlyMap<number, readonly unknown[] | undefined>;
}

const idOf = (room: number): string => `!r${room}:a`;
const content = (value: JsonObject) => ({ pdu: { content: value } });

/** Rooms 1, 2, 3 … of the user, the one with the highest number the most recently active. */
async function select(
  facts: readonly RoomFacts[],
  body: JsonObject,
  connection = new Connection(),
): Promise<Selection> {
  const index = new UserIndex(ME);
  for (const [at, { membership = 'join', byUser = true }] of facts.entries()) {
    const room = (at + 1) as RoomNumber;
    index.touch(room, room, true);
    index.places.set(room, { membership, position: room, byUser, forgotten: false });
  }
  const stateOf = (room: number, type: string): unknown => {
    const fact = facts[room - 1];
    if (type === 'm.room.encryption') return fact?.encrypted === true ? content({}) : undefined;
    return type === 'm.room.create' ? content(fact?.type === undefined ? {} : { type: fact.type }) : undefined;
  };
  const childrenOf = (room: number) =>
    [...(facts[room - 1]?.children ?? [])].map(([child, via]) => ({
      event: { pdu: { stateKey: idOf(child), content: via === undefined ? {} : { via } } },
    }));
  const rooms = {
    get: async (room: number) => ({ roomId: idOf(room), state: (type: string) => stateOf(room, type) }),
    findNumber: async (roomId: string) => Number(/^!r([0-9]+):a$/.exec(roomId)?.[1]) || undefined,
    events: { getByNumber: async (events: unknown[]) => events },
  };
  const accountData = {
    find: async () => ({ [OTHER]: facts.flatMap((one, at) => (one.direct === true ? [idOf(at + 1)] : [])) }),
    getTags: async (_user: UserId, room: number) =>
      Object.fromEntries((facts[room - 1]?.tags ?? []).map((tag) => [tag, {}])),
  };
  const context = { store: { rooms: { getCurrentStateOfType: async (room: number) => childrenOf(room) } } };
  const lists = new Lists(
    context as unknown as Context,
    rooms as unknown as Rooms,
    accountData as unknown as AccountData,
  );
  return await lists.select(parseRequest(body, ME), index, connection);
}

const numbers = ({ rooms }: Selection): number[] => rooms.map((one) => one.number);

async function filtered(facts: readonly RoomFacts[], filters: JsonObject): Promise<number[]> {
  const selection = await select(facts, { lists: { a: { filters } } });
  assert.equal(selection.counts.get('a'), selection.rooms.length);
  return numbers(selection);
}

describe('lists of sliding sync', () => {
  it('hold the rooms in their ranges, the most recently active first, each once', async () => {
    const range = fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 6 })).map(([start, length]) => [start, start + length]);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 10 }), fc.array(range, { maxLength: 4 }), async (count, ranges) => {
        const selection = await select(
          Array.from({ length: count }, () => ({})),
          { lists: { a: { ranges } } },
        );
        const all = Array.from({ length: count }, (_, at) => count - at);
        const wanted = all.filter((_, at) => ranges.some(([start = 0, end = 0]) => at >= start && at <= end));
        assert.equal(selection.counts.get('a'), count);
        assert.deepEqual(new Set(numbers(selection)), new Set(wanted));
        assert.equal(selection.rooms.length, wanted.length);
      }),
      { numRuns: 100 },
    );
    assert.deepEqual(numbers(await select([{}, {}, {}], { lists: { a: { range: [0, 1] } } })), [3, 2]);
  });

  it('join what several lists and a subscription ask of one room', async () => {
    const { rooms, counts } = await select([{}, {}], {
      lists: { a: { range: [0, 0], timeline_limit: 1 }, b: { timeline_limit: 5 } },
      room_subscriptions: { '!r1:a': { timeline_limit: 9 }, '!r7:a': {}, '!r2:a': { timeline_limit: 3 } },
    });
    const told = rooms.map((one) => [one.number, one.config.timelineLimit, one.lists]);
    assert.deepEqual(told, [
      [2, 5, ['a', 'b']],
      [1, 9, ['b']],
    ]);
    assert.deepEqual(
      [...counts],
      [
        ['a', 2],
        ['b', 2],
      ],
    );
  });

  it('leave out rooms that the user has left, unless they were sent before or somebody else ended it', async () => {
    const facts: RoomFacts[] = [
      { membership: 'leave' },
      { membership: 'leave', byUser: false },
      { membership: 'ban', byUser: false },
      { membership: 'invite', byUser: false },
      { membership: 'leave' },
    ];
    const sent = { position: 1, timelineLimit: 1, requiredState: '', isDm: false, counts: '' };
    const connection = new Connection(undefined, [[5 as RoomNumber, sent]]);
    assert.deepEqual(numbers(await select(facts, { lists: { a: {} } }, connection)), [5, 4, 3, 2]);
  });

  it('pass each filter, and all of them together', async () => {
    const facts: RoomFacts[] = [
      { type: 'm.space' },
      { encrypted: true, direct: true },
      { membership: 'invite', direct: true },
      { tags: ['m.favourite'], type: 'x' },
      { tags: ['m.lowpriority', 'm.favourite'] },
    ];
    const cases: [JsonObject, number[]][] = [
      [{}, [5, 4, 3, 2, 1]],
      [{ is_dm: true }, [3, 2]],
      [{ is_dm: false }, [5, 4, 1]],
      [{ is_encrypted: true }, [2]],
      [{ is_encrypted: false, is_dm: true }, [3]],
      [{ is_invite: true }, [3]],
      [{ is_invite: false }, [5, 4, 2, 1]],
      [{ room_types: ['m.space'] }, [1]],
      [{ room_types: [null, 'x'] }, [5, 4, 3, 2]],
      [{ room_types: [] }, []],
      [{ not_room_types: ['m.space', null] }, [4]],
      [{ not_room_types: ['x'], room_types: ['x'] }, []],
      [{ tags: ['m.favourite'] }, [5, 4]],
      [{ tags: ['m.favourite'], not_tags: ['m.lowpriority'] }, [4]],
      [{ not_tags: ['m.favourite'] }, [3, 2, 1]],
    ];
    for (const [filters, expected] of cases) {
      assert.deepEqual(await filtered(facts, filters), expected, JSON.stringify(filters));
    }
  });

  it('find the children of spaces that the user is in, and no deeper', async () => {
    const facts: RoomFacts[] = [
      {
        children: new Map([
          [2, ['a']],
          [3, undefined],
          [4, ['a']],
        ]),
      },
      {},
      {},
      { type: 'm.space', children: new Map([[5, ['a']]]) },
      {},
      { membership: 'invite', children: new Map([[5, ['a']]]) },
    ];
    assert.deepEqual(await filtered(facts, { spaces: ['!r1:a'] }), [4, 2]);
    assert.deepEqual(await filtered(facts, { spaces: ['!r1:a', '!r4:a'] }), [5, 4, 2]);
    assert.deepEqual(await filtered(facts, { spaces: ['!r6:a', 'nothing', '!r99:a'] }), []);
  });
});
