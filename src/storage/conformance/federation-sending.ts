import assert from 'node:assert/strict';
import type { ServerName } from '../../matrix/ids.ts';
import { ConflictError, type OutboundEventRow, type StreamPosition } from '../../ports/store/index.ts';
import { type Case, failureOf, type Kit, type TestRoom } from './kit.ts';

async function outbound(kit: Kit, room: TestRoom, also?: ServerName): Promise<OutboundEventRow> {
  const event = kit.store.allocateEvent();
  const position = await kit.write((one) => {
    one.federation.putOutboundEvent(room.number, event, also);
  });
  return { position, room: room.number, event, also };
}

export const SENDING_CASES: readonly Case[] = [
  {
    name: 'a destination is put, replaced and forgotten',
    run: async (kit) => {
      const { federation } = kit.store;
      const server = kit.serverName();
      assert.equal(await federation.findDestination(server), undefined);
      const fresh = {
        server,
        ackedPosition: 0 as const,
        retryAt: undefined,
        retryIntervalMs: 0,
        lastSuccessAt: undefined,
        attempt: undefined,
      };
      await kit.write((one) => one.federation.putDestination(fresh));
      assert.deepEqual(await federation.findDestination(server), fresh);
      const attempt = { transactionId: 't1', endPosition: 9 as StreamPosition, lastEdu: 0 };
      const retry = { retryAt: 90, retryIntervalMs: 8, lastSuccessAt: 2, attempt };
      const later = { ...fresh, ackedPosition: 7 as StreamPosition, ...retry };
      await kit.write((one) => one.federation.putDestination(later));
      assert.deepEqual(await federation.findDestination(server), later);
      await kit.write((one) => one.federation.putDestination(fresh));
      const kept = { ...fresh, lastSuccessAt: 2 };
      assert.deepEqual(await federation.findDestination(server), kept, 'the last success is not forgotten');
      assert.ok((await federation.listDestinations()).some((one) => one.server === server));
      await kit.write((one) => one.federation.deleteDestination(server));
      assert.equal(await federation.findDestination(server), undefined);
    },
  },
  {
    name: 'servers join a room, leave it and come back',
    run: async (kit) => {
      const { federation } = kit.store;
      const [room, other] = [await kit.room(), await kit.room()];
      const [a, b] = [kit.serverName(), kit.serverName()];
      const came = await kit.write((one) => one.federation.addRoomServer(room.number, a));
      await kit.write((one) => one.federation.addRoomServer(room.number, a));
      const bCame = await kit.write((one) => {
        one.federation.addRoomServer(room.number, b);
        one.federation.addRoomServer(other.number, b);
      });
      assert.deepEqual(await federation.listServersInRoom(room.number), [a, b].sort());
      const left = await kit.write((one) => one.federation.removeRoomServer(room.number, a));
      await kit.write((one) => one.federation.removeRoomServer(room.number, a));
      assert.deepEqual(await federation.listServersInRoom(room.number), [b]);
      const back = await kit.write((one) => one.federation.addRoomServer(room.number, a));
      const past = { room: room.number, server: a, joinedPosition: came, leftPosition: left };
      const now = { room: room.number, server: a, joinedPosition: back, leftPosition: undefined };
      assert.deepEqual(await federation.listRoomsOfServer(a, 0), [now, past]);
      assert.deepEqual(await federation.listRoomsOfServer(a, left), [now], 'what ended by then is left out');
      assert.equal((await federation.listRoomsOfServer(b, 0)).length, 2);

      const inRoom = (position: number): Promise<ServerName[]> =>
        federation.listServersInRoomAt(room.number, position as StreamPosition);
      assert.deepEqual(await inRoom(came), [], 'what brought the server is not sent to it');
      assert.deepEqual(await inRoom(came + 1), [a]);
      assert.deepEqual(await inRoom(bCame + 1), [a, b].sort());
      assert.deepEqual(await inRoom(left), [a, b].sort(), 'what ended the stay is');
      assert.deepEqual(await inRoom(left + 1), [b]);
      assert.deepEqual(await inRoom(back + 1), [a, b].sort());
    },
  },
  {
    name: 'outbound events in order, by the server they name, and until everybody has them',
    run: async (kit) => {
      const { federation } = kit.store;
      const [room, named] = [await kit.room(), kit.serverName()];
      const [first, second, third] = [
        await outbound(kit, room),
        await outbound(kit, room, named),
        await outbound(kit, room),
      ];
      const { position } = third;
      const list = (from: StreamPosition | 0, limit: number): Promise<OutboundEventRow[]> =>
        federation.listOutboundEvents(from, position, limit);
      const before = (first.position - 1) as StreamPosition;
      assert.deepEqual(await list(before, 10), [first, second, third]);
      assert.deepEqual(await list(before, 2), [first, second]);
      assert.deepEqual(await list(second.position, 10), [third]);
      assert.deepEqual(await list(position, 10), []);
      assert.deepEqual(await federation.listOutboundEvents(before, second.position, 10), [first, second]);
      assert.deepEqual(await federation.listOutboundEventsNaming(named, 0, 10), [second]);
      assert.deepEqual(await federation.listOutboundEventsNaming(named, second.position, 10), []);
      await kit.write((one) => one.federation.deleteOutboundEventsUpTo(second.position));
      assert.deepEqual(await list(0, 10), [third]);
    },
  },
  {
    name: 'two outbound events at one position are refused, and nothing of that transaction stands',
    run: async (kit) => {
      const { federation } = kit.store;
      const [room, server] = [await kit.room(), kit.serverName()];
      const failure = await failureOf(kit.store, (one) => {
        one.federation.addRoomServer(room.number, server);
        one.federation.putOutboundEdu(server, '{}');
        one.federation.putOutboundEvent(room.number, kit.store.allocateEvent());
        one.federation.putOutboundEvent(room.number, kit.store.allocateEvent());
      });
      assert.ok(failure instanceof ConflictError);
      assert.deepEqual(await federation.listServersInRoom(room.number), []);
      assert.deepEqual(await federation.listOutboundEdus(server, 10), []);
      await kit.write((one) => {
        one.federation.putOutboundEvent(room.number, kit.store.allocateEvent());
        one.advance();
        one.federation.putOutboundEvent(room.number, kit.store.allocateEvent());
      });
    },
  },
  {
    name: 'rooms of a server by their newest outbound event, also when the events themselves are gone',
    run: async (kit) => {
      const { federation } = kit.store;
      const server = kit.serverName();
      const rooms = [await kit.room(), await kit.room(), await kit.room(), await kit.room()] as const;
      const [quiet, busy, left, late] = rooms;
      await kit.write((one) => {
        for (const room of [quiet, busy, left]) one.federation.addRoomServer(room.number, server);
      });
      const lateRow = await outbound(kit, late);
      await kit.write((one) => one.federation.addRoomServer(late.number, server));
      await outbound(kit, busy);
      const { also: _, ...quietRow } = await outbound(kit, quiet);
      const { also: __, ...busyRow } = await outbound(kit, busy);
      await outbound(kit, left);
      const end = await kit.write((one) => {
        one.federation.removeRoomServer(left.number, server);
        one.federation.deleteOutboundEventsUpTo(one.position);
      });
      assert.deepEqual(await federation.listOutboundEvents(0, end, 10), []);
      assert.deepEqual(await federation.listOutboundRooms(server, 0, 10), [quietRow, busyRow]);
      assert.deepEqual(await federation.listOutboundRooms(server, 0, 1), [quietRow]);
      assert.deepEqual(await federation.listOutboundRooms(server, quietRow.position, 10), [busyRow]);
      assert.deepEqual(await federation.listOutboundRooms(server, busyRow.position, 10), []);
      assert.ok(lateRow.position < quietRow.position, 'what was said before the server came is not for it');
    },
  },
  {
    name: 'EDUs wait in order, each server for its own',
    run: async (kit) => {
      const { federation } = kit.store;
      const [a, b] = [kit.serverName(), kit.serverName()];
      await kit.write((one) => {
        for (const json of ['"1"', '"2"', '"3"']) one.federation.putOutboundEdu(a, json);
        one.federation.putOutboundEdu(b, '"other"');
      });
      const waiting = await federation.listOutboundEdus(a, 2);
      assert.deepEqual(
        waiting.map((row) => [row.server, row.json]),
        [
          [a, '"1"'],
          [a, '"2"'],
        ],
      );
      const servers = await federation.listServersWithEdus();
      assert.deepEqual(
        servers.filter((one) => one === a || one === b),
        [a, b].sort(),
        'each once',
      );
      const numbers = waiting.map((row) => row.number);
      await kit.write((one) => {
        one.federation.deleteOutboundEdus(b, numbers);
        one.federation.deleteOutboundEdus(a, []);
      });
      assert.equal((await federation.listOutboundEdus(a, 9)).length, 3, "another server's rows stay");
      await kit.write((one) => one.federation.deleteOutboundEdus(a, numbers));
      assert.deepEqual(
        (await federation.listOutboundEdus(a, 9)).map((row) => row.json),
        ['"3"'],
      );
    },
  },
  {
    name: 'what cannot be delivered is set aside, a thousand of it',
    run: async (kit) => {
      const { federation } = kit.store;
      const server = kit.serverName();
      const row = (count: number) => ({ server, at: count, why: 'M_BAD_JSON', json: `{"n":${count}}` });
      await kit.write((one) => {
        for (let count = 1; count <= 1002; count += 1) one.federation.putUndeliverable(row(count));
      });
      assert.deepEqual(await federation.listUndeliverable(2), [row(1002), row(1001)]);
      const all = await federation.listUndeliverable(5000);
      assert.equal(all.length, 1000);
      assert.deepEqual(all.at(-1), row(3));
    },
  },
];
