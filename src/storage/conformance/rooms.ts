import assert from 'node:assert/strict';
import type { RoomAlias, UserId } from '../../matrix/ids.ts';
import {
  ConflictError,
  type EventNumber,
  type Membership,
  type RoomNumber,
  type StreamPosition,
} from '../../ports/store/index.ts';
import { type Case, failureOf, type Kit, type TestRoom } from './kit.ts';

interface JoinOptions {
  readonly membership?: Membership;
  readonly local?: boolean;
  readonly strippedState?: string;
}

/** Puts a user into the current state, and into the memberships where it is local. */
async function join(kit: Kit, room: TestRoom, user: UserId, options: JoinOptions = {}): Promise<EventNumber> {
  const { membership = 'join', local = true, strippedState } = options;
  const event = kit.store.allocateEvent();
  await kit.store.transact((one) => {
    one.rooms.setCurrentState(room.number, [{ type: 'm.room.member', stateKey: user, event, membership }]);
    if (!local) return;
    const { number, roomId } = room;
    one.rooms.setMembership({
      user,
      room: number,
      roomId,
      membership,
      event,
      position: one.position,
      sender: user,
      strippedState,
    });
  });
  return event;
}

export const ROOM_CASES: readonly Case[] = [
  {
    name: 'a room comes back as it was made and updated',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const record = await store.rooms.findRoom(room.roomId);
      assert.deepEqual(record, {
        number: room.number,
        roomId: room.roomId,
        version: '12',
        mainLine: room.line,
        mainHead: 0,
        joinedCount: 0,
        invitedCount: 0,
        lastPosition: 0,
        lastDepth: 0,
        published: false,
        completedPosition: 0,
        completedHead: 0,
      });
      const change = { mainHead: 4, joinedCount: 2, invitedCount: 1, lastPosition: 77, lastDepth: 9 };
      await store.transact((one) => {
        one.rooms.updateRoom({ number: room.number, mainLine: room.line, ...change });
      });
      assert.deepEqual(await store.rooms.getRooms([room.number]), [{ ...record, ...change }]);
      assert.deepEqual(await store.rooms.getRooms([]), []);
      assert.deepEqual(await store.rooms.getLines(room.number), [
        { line: room.line, room: room.number, parent: undefined, head: 0 },
      ]);
      const completedPosition = await kit.write((one) => one.rooms.setCompleted(room.number, 3));
      const completed = { ...record, ...change, completedPosition, completedHead: 3 };
      assert.deepEqual(await store.rooms.getRooms([room.number]), [completed]);
      const after = (Number(room.number) - 1) as RoomNumber;
      assert.deepEqual(await store.rooms.pageRooms({ after, limit: 1 }), [completed]);
      assert.ok(
        (await failureOf(store, (one) => {
          one.rooms.createRoom({
            number: store.allocateRoom(),
            roomId: room.roomId,
            version: '1',
            mainLine: store.allocateLine(),
          });
        })) instanceof ConflictError,
      );
      assert.ok(
        (await failureOf(store, (one) => {
          one.rooms.updateRoom({ number: store.allocateRoom(), mainLine: room.line, ...change });
        })) instanceof ConflictError,
      );
    },
  },
  {
    name: 'the directory lists published rooms, the fullest first',
    run: async (kit) => {
      const { store } = kit;
      const [small, large, hidden] = [await kit.room(), await kit.room(), await kit.room()];
      await store.transact((one) => {
        for (const [room, joinedCount] of [
          [small, 1],
          [large, 1000],
          [hidden, 5],
        ] as const) {
          const counts = { joinedCount, invitedCount: 0, lastPosition: 1, lastDepth: 1, mainHead: 0 };
          one.rooms.updateRoom({ number: room.number, mainLine: room.line, ...counts });
          one.rooms.setPublished(room.number, room !== hidden);
        }
      });
      const own = new Set([small.number, large.number, hidden.number]);
      const listed = (await store.rooms.listPublished()).filter((room) => own.has(room.number));
      assert.deepEqual(
        listed.map((room) => room.number),
        [large.number, small.number],
      );
    },
  },
  {
    name: 'aliases are made once, moved and deleted',
    run: async (kit) => {
      const { store } = kit;
      const [old, next] = [await kit.room(), await kit.room()];
      const [first, second] = [`#a${kit.unique()}:x` as RoomAlias, `#b${kit.unique()}:x` as RoomAlias];
      const creator = kit.user();
      await store.transact((one) => {
        one.rooms.createAlias(first, old.number, creator);
        one.rooms.createAlias(second, old.number, creator);
      });
      assert.deepEqual(await store.rooms.findAlias(first), { room: old.number, roomId: old.roomId, creator });
      assert.ok(
        (await failureOf(store, (one) => {
          one.rooms.createAlias(first, next.number, creator);
        })) instanceof ConflictError,
      );
      await store.transact((one) => {
        one.rooms.moveAliases(old.number, next.number, [first]);
      });
      assert.deepEqual(await store.rooms.listAliases(next.number), [first]);
      assert.deepEqual(await store.rooms.listAliases(old.number), [second]);
      await store.transact((one) => {
        one.rooms.deleteAlias(second);
      });
      assert.equal(await store.rooms.findAlias(second), undefined);
    },
  },
  {
    name: 'members are listed by membership, local ones apart',
    run: async (kit) => {
      const { rooms } = kit.store;
      const room = await kit.room();
      const [alice, bob, remote] = [kit.user(), kit.user(), `@r${kit.unique()}:remote.example` as UserId];
      const event = await join(kit, room, alice);
      await join(kit, room, bob, { membership: 'invite', strippedState: '[{"type":"m.room.name"}]' });
      await join(kit, room, remote, { local: false });
      await kit.setState(room, { type: 'm.room.name', stateKey: '', position: 1 });
      assert.deepEqual(
        new Set((await rooms.getMembers(room.number, ['join'])).map((member) => member.user)),
        new Set([alice, remote]),
      );
      assert.equal((await rooms.getMembers(room.number)).length, 3);
      const members = await rooms.getMembersOf(room.number, [alice, kit.user()]);
      assert.deepEqual(members, [{ user: alice, membership: 'join', event }]);
      assert.deepEqual(await rooms.getMembersOf(room.number, []), []);
      assert.deepEqual(await rooms.getLocalJoined(room.number), [alice]);
      assert.deepEqual((await rooms.getCurrentStateOfType(room.number, 'm.room.member')).length, 3);
      assert.deepEqual(
        (await rooms.getCurrentStateWithoutMembers(room.number)).map((entry) => entry.type),
        ['m.room.name'],
      );
    },
  },
  {
    name: 'a membership is replaced, forgotten and remembered',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const user = kit.user();
      await join(kit, room, user, { membership: 'invite', strippedState: '[]' });
      const before = store.position;
      const invite = await store.rooms.findMembership(user, room.number);
      assert.deepEqual([invite?.membership, invite?.strippedState, invite?.forgotten], ['invite', '[]', false]);
      await join(kit, room, user, { membership: 'leave' });
      await store.transact((one) => {
        one.rooms.setForgotten(user, room.number);
      });
      const [left] = await store.rooms.listMemberships(user);
      assert.deepEqual([left?.membership, left?.strippedState, left?.forgotten], ['leave', undefined, true]);
      assert.deepEqual(await store.rooms.listMemberships(user, ['join']), []);
      assert.equal((await store.rooms.listMembershipChanges(user, before, store.position)).length, 1);
      assert.deepEqual(await store.rooms.listMembershipChanges(user, store.position, store.position), []);
      await join(kit, room, user);
      assert.equal((await store.rooms.findMembership(user, room.number))?.forgotten, false);
      assert.equal(await store.rooms.findMembership(kit.user(), room.number), undefined);
      assert.ok(
        (await failureOf(store, (one) => {
          one.rooms.setForgotten(kit.user(), room.number);
        })) instanceof ConflictError,
      );
    },
  },
  {
    name: 'shared rooms and the users in them',
    run: async (kit) => {
      const { rooms } = kit.store;
      const [shared, own] = [await kit.room(), await kit.room()];
      const [alice, bob, remote] = [kit.user(), kit.user(), `@s${kit.unique()}:remote.example` as UserId];
      await join(kit, shared, alice);
      await join(kit, own, alice);
      await join(kit, shared, remote, { local: false });
      await join(kit, shared, bob, { membership: 'ban' });
      assert.deepEqual(await rooms.listSharedRooms(alice, remote), [shared.number]);
      assert.deepEqual(await rooms.listSharedRooms(alice, bob), []);
      assert.deepEqual(await rooms.listSharedRooms(alice, kit.user()), []);
      assert.deepEqual(new Set(await rooms.listUsersSharingRooms(alice)), new Set([alice, remote]));
      const receiptPosition = await kit.store.transact((one) => {
        const counts = { mainHead: 0, joinedCount: 1, invitedCount: 0, lastPosition: 55, lastDepth: 1 };
        one.rooms.updateRoom({ number: own.number, mainLine: own.line, ...counts });
        const receipt = {
          type: 'm.read',
          thread: undefined,
          event: kit.eventId(),
          eventPosition: 0,
          sentAt: 1,
        } as const;
        one.userData.setReceipt({ ...receipt, room: own.number, user: alice });
        return one.position;
      });
      const positions = await rooms.listJoinedPositions(alice);
      assert.equal(positions.length, 2);
      assert.deepEqual(
        positions.find((one) => one.room === own.number),
        { room: own.number, roomId: own.roomId, lastPosition: 55, receiptPosition },
      );
      const none: StreamPosition = kit.store.position;
      assert.deepEqual(await rooms.listMembershipChanges(alice, none, none), []);
    },
  },
];
