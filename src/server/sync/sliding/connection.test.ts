import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MatrixError } from '../../../matrix/errors.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import { Connection, type SentRoom } from './connection.ts';

function sentTo(position: number): SentRoom {
  return { position, timelineLimit: 10, requiredState: '[]', isDm: position % 2 === 0, counts: `${position}` };
}

function answer(pos: number, rooms: readonly number[]): Parameters<Connection['send']>[0] {
  return {
    pos: `p${pos}`,
    position: pos,
    serials: { typing: pos, presence: pos },
    rooms: new Map(rooms.map((room) => [room as RoomNumber, sentTo(pos)])),
  };
}

function rooms(connection: Connection): [RoomNumber, number | undefined][] {
  return [...connection.sentRooms()].map((room) => [room, connection.sent(room)?.position]);
}

const isExpired = (error: unknown): boolean => error instanceof MatrixError && error.code === 'M_UNKNOWN_POS';

describe('a connection of sliding sync', () => {
  it('counts what was sent only when the client has used its position', () => {
    const connection = new Connection();
    connection.send(answer(1, [7]));
    assert.deepEqual([connection.position, rooms(connection)], [undefined, []]);
    connection.resume('p1');
    assert.deepEqual([connection.position, rooms(connection)], [1, [[7, 1]]]);
    assert.deepEqual(connection.serials, { typing: 1, presence: 1 });
  });

  it('takes an answer back that the client never got', () => {
    const connection = new Connection();
    connection.send(answer(1, [7]));
    connection.resume('p1');
    connection.send(answer(2, [7, 8]));
    connection.resume('p1');
    assert.deepEqual([connection.position, rooms(connection)], [1, [[7, 1]]]);
    assert.throws(() => connection.resume('p2'), isExpired);
  });

  it('knows no position but its last two', () => {
    const connection = new Connection();
    assert.throws(() => connection.resume('p0'), isExpired);
    for (const pos of [1, 2, 3]) {
      connection.send(answer(pos, []));
      connection.resume(`p${pos}`);
    }
    for (const pos of ['p1', 'p2', 'p4', '']) assert.throws(() => connection.resume(pos), isExpired);
    connection.resume('p3');
  });

  it('ends the request that still waits when the next one begins', () => {
    const connection = new Connection();
    const first = connection.begin();
    let woken = 0;
    first.whenOver(() => (woken += 1));
    assert.equal(first.isOver, false);
    const second = connection.begin();
    assert.deepEqual([first.isOver, second.isOver, woken], [true, false, 1]);
    first.whenOver(() => (woken += 1));
    assert.equal(woken, 2);
  });

  it('is after each exchange what a list of confirmed answers says, also through its text', () => {
    const exchange = fc.record({
      rooms: fc.uniqueArray(fc.integer({ min: 1, max: 5 })),
      arrives: fc.boolean(),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 12 }), (exchanges) => {
        let connection = new Connection();
        connection.send(answer(0, []));
        connection.resume('p0');
        const confirmed = new Map<number, number>();
        let last = 0;
        for (const [index, one] of exchanges.entries()) {
          const pos = index + 1;
          connection.send(answer(pos, one.rooms));
          // What is written to the disk takes the answer on its way as confirmed.
          if (one.arrives && one.restart) {
            connection = Connection.fromJSON(JSON.parse(JSON.stringify(connection.toJSON())));
          }
          connection.resume(one.arrives ? `p${pos}` : `p${last}`);
          if (!one.arrives) continue;
          last = pos;
          for (const room of one.rooms) confirmed.set(room, pos);
        }
        assert.equal(connection.position, last);
        assert.deepEqual(new Map(rooms(connection)), confirmed);
        for (const [room, pos] of confirmed) assert.deepEqual(connection.sent(room as RoomNumber), sentTo(pos));
      }),
      { numRuns: 100 },
    );
  });
});
