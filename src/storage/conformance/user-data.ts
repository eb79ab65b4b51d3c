import assert from 'node:assert/strict';
import type { ReceiptRow } from '../../ports/store/index.ts';
import type { Case } from './kit.ts';

export const USER_DATA_CASES: readonly Case[] = [
  {
    name: 'account data of a user and of a room, by what changed',
    run: async (kit) => {
      const { store } = kit;
      const { userData } = store;
      const [user, room] = [kit.user(), await kit.room()];
      await store.transact((one) => {
        one.userData.setAccountData(user, { room: undefined, type: 'm.direct', content: '{"a":1}' });
        one.userData.setAccountData(user, { room: room.number, type: 'm.tag', content: '{"tags":{}}' });
      });
      const before = store.position;
      await store.transact((one) => {
        one.userData.setAccountData(user, { room: room.number, type: 'm.tag', content: '{}' });
      });
      const changed = await userData.listAccountData(user, before, store.position);
      assert.deepEqual(changed, [{ room: room.number, type: 'm.tag', content: '{}', position: store.position }]);
      assert.deepEqual(
        (await userData.listAccountData(user, 0, store.position)).map((row) => row.type),
        ['m.direct'],
      );
      assert.deepEqual(await userData.listAccountData(user, before, before), []);
      assert.equal((await userData.findAccountData(user, undefined, 'm.direct'))?.content, '{"a":1}');
      assert.equal((await userData.findAccountData(user, room.number, 'm.tag'))?.content, '{}');
      assert.equal(await userData.findAccountData(user, room.number, 'm.direct'), undefined);
    },
  },
  {
    name: 'the latest receipt of each kind is kept, private ones are the owner’s',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const [alice, bob, event] = [kit.user(), kit.user(), kit.eventId()];
      const receipt: Omit<ReceiptRow, 'position'> = {
        room: room.number,
        user: alice,
        type: 'm.read',
        thread: undefined,
        event,
        eventPosition: 5,
        sentAt: 1000,
      };
      await store.transact((one) => {
        one.userData.setReceipt({ ...receipt, event: kit.eventId() });
        one.userData.setReceipt(receipt);
        one.userData.setReceipt({ ...receipt, thread: 'main' });
        one.userData.setReceipt({ ...receipt, type: 'm.read.private' });
        one.userData.setReceipt({ ...receipt, user: bob, type: 'm.read.private' });
      });
      const { position } = store;
      const own = await store.userData.getOwnReceipts(alice, room.number);
      assert.equal(own.length, 3);
      assert.deepEqual(
        own.find((row) => row.type === 'm.read' && row.thread === undefined),
        { ...receipt, position },
      );
      const seen = await store.userData.listReceipts(room.number, alice, 0, position);
      assert.deepEqual(
        seen.map((row) => [row.user, row.type, row.thread]),
        [
          [alice, 'm.read', undefined],
          [alice, 'm.read', 'main'],
          [alice, 'm.read.private', undefined],
        ],
      );
      assert.deepEqual(await store.userData.listReceipts(room.number, alice, position, position), []);
    },
  },
  {
    name: 'checkpoints of unread counts are replaced as a whole',
    run: async (kit) => {
      const { store } = kit;
      const [user, room] = [kit.user(), (await kit.room()).number];
      const row = { user, room, countedTo: 9, notifications: 3, highlights: 1 };
      await store.transact((one) => {
        one.userData.setUnread(user, room, [
          { ...row, thread: 'main' },
          { ...row, thread: '$thread' },
        ]);
      });
      assert.equal((await store.userData.getUnread(user, room)).length, 2);
      await store.transact((one) => {
        one.userData.setUnread(user, room, [{ ...row, thread: 'main', notifications: 0 }]);
      });
      assert.deepEqual(await store.userData.getUnread(user, room), [{ ...row, thread: 'main', notifications: 0 }]);
    },
  },
  {
    name: 'a sliding connection keeps its current and its previous position',
    run: async (kit) => {
      const { store } = kit;
      const [user, device] = [kit.user(), kit.device()];
      const row = { user, device, connection: 'main', state: '{}' };
      await store.transact((one) => {
        one.sync.putConnection({ ...row, pos: '1' }, undefined);
        one.sync.putConnection({ ...row, connection: 'other', pos: '1' }, undefined);
      });
      for (const [pos, previous] of [
        ['2', '1'],
        ['3', '2'],
      ] as const) {
        await store.transact((one) => {
          one.sync.putConnection({ ...row, pos }, previous);
        });
      }
      const kept = await store.sync.findConnection(user, device, 'main');
      assert.deepEqual(kept.map((one) => one.pos).sort(), ['2', '3']);
      await store.transact((one) => {
        one.sync.putConnection({ ...row, pos: '3', state: '{"a":1}' }, undefined);
      });
      assert.deepEqual(await store.sync.findConnection(user, device, 'main'), [{ ...row, pos: '3', state: '{"a":1}' }]);
      await store.transact((one) => {
        one.sync.deleteConnections(user, device);
      });
      assert.deepEqual(await store.sync.findConnection(user, device, 'other'), []);
    },
  },
];
