import assert from 'node:assert/strict';
import type { EventNumber, RoomNumber } from '../../ports/store/index.ts';
import type { Case, Kit, TestRoom } from './kit.ts';

async function place(kit: Kit, room: TestRoom, user = kit.user()): Promise<EventNumber> {
  const event = kit.store.allocateEvent();
  const { number, roomId } = room;
  await kit.write((one) => {
    const { position } = one;
    const row = { user, room: number, roomId, membership: 'leave' as const, event, position, sender: user };
    one.rooms.setMembership({ ...row, strippedState: undefined });
  });
  return event;
}

async function forgotten(kit: Kit): Promise<RoomNumber[]> {
  return await kit.store.purge.listForgottenRooms(1_000_000);
}

export const PURGE_CASES: readonly Case[] = [
  {
    name: 'a room is forgotten when all have forgotten it',
    run: async (kit) => {
      const { purge } = kit.store;
      const [room, other] = [await kit.room(), await kit.room()];
      const [anna, ben] = [kit.user(), kit.user()];
      const annas = await place(kit, room, anna);
      const bens = await place(kit, room, ben);
      assert.ok(!(await forgotten(kit)).includes(other.number), 'a room that nobody was in');
      await kit.write((one) => one.rooms.setForgotten(anna, room.number));
      assert.ok(!(await forgotten(kit)).includes(room.number));
      assert.deepEqual(await purge.listPlaces(room.number), [
        { user: anna, event: annas, forgotten: true },
        { user: ben, event: bens, forgotten: false },
      ]);
      await kit.write((one) => one.rooms.setForgotten(ben, room.number));
      assert.ok((await forgotten(kit)).includes(room.number));
      await place(kit, room, ben);
      assert.ok(!(await forgotten(kit)).includes(room.number), 'who comes back remembers');
    },
  },
  {
    name: 'whether the servers of a room have heard the last of it',
    run: async (kit) => {
      const { purge } = kit.store;
      const room = await kit.room();
      const server = kit.serverName();
      assert.equal(await purge.findLastOutbound(room.number), undefined);
      const event = kit.store.allocateEvent();
      await kit.write((one) => one.federation.addRoomServer(room.number, server));
      const position = await kit.write((one) => one.federation.putOutboundEvent(room.number, event));
      assert.equal(await purge.findLastOutbound(room.number), position);
      assert.equal(await purge.isSomebodyBehind(room.number, position), false, 'it is not asleep');
      const record = { server, ackedPosition: 0 as const, retryIntervalMs: 5, lastSuccessAt: 1, attempt: undefined };
      await kit.write((one) => one.federation.putDestination({ ...record, retryAt: 9 }));
      assert.equal(await purge.isSomebodyBehind(room.number, position), true);
      await kit.write((one) => one.federation.putDestination({ ...record, ackedPosition: position, retryAt: 9 }));
      assert.equal(await purge.isSomebodyBehind(room.number, position), false);
    },
  },
  {
    name: 'a room is deleted in pieces, and another is not touched',
    run: async (kit) => {
      const { store } = kit;
      const { purge } = store;
      const [room, other] = [await kit.room(), await kit.room()];
      const user = kit.user();
      const tag = { type: 'm.tag', content: '{}' };
      for (const one of [room, other]) {
        let position = 0;
        for (const stateKey of ['a', 'b', 'c']) {
          position += 1;
          await kit.setState(one, { type: 'm.test', stateKey, position });
        }
        await place(kit, one, user);
      }
      const message = await kit.append(room);
      const kept = await kit.append(other);
      await kit.write((one) => one.userData.setAccountData(user, { ...tag, room: room.number }));
      await kit.write((one) => one.userData.setAccountData(user, { ...tag, room: other.number }));

      await kit.write((one) => one.purge.beginPurge({ room: room.number, roomId: room.roomId }));
      const begun = { room: room.number, roomId: room.roomId };
      assert.ok((await purge.listPurges()).some((one) => one.room === begun.room && one.roomId === begun.roomId));
      const events = await purge.listSomeEvents(room.number, 100);
      assert.ok(events.includes(message.number));
      assert.equal((await purge.listSomeEvents(room.number, 1)).length, 1);
      await kit.write((one) => one.purge.deleteEvents(events));
      assert.deepEqual(await purge.listSomeEvents(room.number, 100), []);
      assert.deepEqual(await store.events.getEvents([message.eventId]), []);

      const cut = await purge.findLogCut(room.line, 1);
      assert.ok(cut !== undefined);
      await kit.write((one) => one.purge.deleteLog(room.line, cut));
      const [first] = await store.rooms.getLines(room.number);
      assert.ok(first !== undefined);
      const left = await store.rooms.getStateAt({ line: room.line, position: first.head });
      assert.ok(left.length === 1, `${left.length} entries are left`);
      assert.equal(await purge.findLogCut(room.line, 1), undefined);
      await kit.write((one) => one.purge.deleteLog(room.line, undefined));
      assert.deepEqual(await store.rooms.getStateAt({ line: room.line, position: first.head }), []);

      await kit.write((one) => one.purge.finishPurge(room.number));
      assert.equal(await store.rooms.findRoom(room.roomId), undefined);
      assert.deepEqual(await store.rooms.getCurrentState(room.number), []);
      assert.equal(await store.rooms.findMembership(user, room.number), undefined);
      assert.deepEqual(await store.userData.findAccountData(user, room.number, 'm.tag'), undefined);
      assert.ok(!(await purge.listPurges()).some((one) => one.room === room.number));

      assert.equal((await store.events.getEvents([kept.eventId])).length, 1);
      assert.equal((await store.rooms.getCurrentState(other.number)).length, 3);
      assert.ok((await store.rooms.findMembership(user, other.number)) !== undefined);
      assert.notEqual(await store.userData.findAccountData(user, other.number, 'm.tag'), undefined);
    },
  },
];
