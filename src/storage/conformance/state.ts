import assert from 'node:assert/strict';
import type { EventNumber, StateEntry } from '../../ports/store/index.ts';
import { ConflictError } from '../../ports/store/index.ts';
import { type Case, failureOf } from './kit.ts';

function byKey(entries: readonly StateEntry[]): Record<string, number> {
  const pairs = entries.map((entry): [string, number] => [`${entry.type}/${entry.stateKey}`, Number(entry.event)]);
  return Object.fromEntries(pairs.sort(([left], [right]) => (left < right ? -1 : 1)));
}

export const STATE_CASES: readonly Case[] = [
  {
    name: 'current state is read whole, by entry and by type',
    run: async (kit) => {
      const { rooms } = kit.store;
      const room = await kit.room();
      const name = await kit.setState(room, { type: 'm.room.name', stateKey: '', position: 1 });
      const child = await kit.setState(room, { type: 'm.space.child', stateKey: '!x:y', position: 2 });
      const other = await kit.room();
      await kit.setState(other, { type: 'm.space.child', stateKey: '!z:y', position: 1 });
      assert.deepEqual(byKey(await rooms.getCurrentState(room.number)), {
        'm.room.name/': name,
        'm.space.child/!x:y': child,
      });
      const pairs = [
        { type: 'm.room.name', stateKey: '' },
        { type: 'm.room.never', stateKey: 'never' },
      ];
      assert.deepEqual(byKey(await rooms.getCurrentState(room.number, pairs)), { 'm.room.name/': name });
      assert.deepEqual(await rooms.getCurrentState(room.number, []), []);
      assert.deepEqual(byKey(await rooms.getCurrentStateOfType(room.number, 'm.space.child')), {
        'm.space.child/!x:y': child,
      });
      await kit.store.transact((one) => {
        one.rooms.removeCurrentState(room.number, [{ type: 'm.room.name', stateKey: '' }]);
      });
      assert.deepEqual(byKey(await rooms.getCurrentState(room.number)), { 'm.space.child/!x:y': child });
    },
  },
  {
    name: 'the state at a reference is per key the latest entry up to it',
    run: async (kit) => {
      const { rooms } = kit.store;
      const room = await kit.room();
      const one = await kit.setState(room, { type: 'a', stateKey: '', position: 1 });
      const two = await kit.setState(room, { type: 'b', stateKey: 'x', position: 2 });
      const three = await kit.setState(room, { type: 'a', stateKey: '', position: 3 });
      assert.deepEqual(byKey(await rooms.getStateAt(kit.reference(room, 0))), {});
      assert.deepEqual(byKey(await rooms.getStateAt(kit.reference(room, 1))), { 'a/': one });
      assert.deepEqual(byKey(await rooms.getStateAt(kit.reference(room, 2))), { 'a/': one, 'b/x': two });
      assert.deepEqual(byKey(await rooms.getStateAt(kit.reference(room, 9))), { 'a/': three, 'b/x': two });
      const pairs = [
        { type: 'a', stateKey: '' },
        { type: 'c', stateKey: 'never' },
      ];
      assert.deepEqual(byKey(await rooms.getStateAt(kit.reference(room, 2), pairs)), { 'a/': one });
      assert.deepEqual(await rooms.getStateAt(kit.reference(room, 0), pairs), []);
      assert.deepEqual(byKey(await rooms.getStateChanges(room.line, 1, 3)), { 'a/': three, 'b/x': two });
      assert.deepEqual(byKey(await rooms.getStateChanges(room.line, 1, 2)), { 'b/x': two });
      assert.deepEqual(await rooms.getStateChanges(room.line, 3, 3), []);
      assert.deepEqual(await rooms.getStateHistory(room.line, { type: 'a', stateKey: '' }), [
        { position: 1, event: one },
        { position: 3, event: three },
      ]);
      assert.deepEqual(await rooms.getStateHistory(room.line, { type: 'never', stateKey: '' }), []);
      assert.equal((await rooms.getLines(room.number))[0]?.head, 3);
    },
  },
  {
    name: 'a fork falls through to its parent, and a merge writes several keys at one position',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const one = await kit.setState(room, { type: 'a', stateKey: '', position: 1 });
      const two = await kit.setState(room, { type: 'b', stateKey: '', position: 2 });
      await kit.setState(room, { type: 'a', stateKey: '', position: 3 });
      const [fork, deeper] = [store.allocateLine(), store.allocateLine()];
      const [x, y, z] = [store.allocateEvent(), store.allocateEvent(), store.allocateEvent()];
      await store.transact((transaction) => {
        const { rooms } = transaction;
        rooms.openLine({ line: fork, room: room.number, parent: kit.reference(room, 2), head: 2 });
        rooms.appendState(fork, 3, [
          { type: 'c', stateKey: '', event: x },
          { type: 'd', stateKey: '', event: y },
        ]);
        rooms.openLine({ line: deeper, room: room.number, parent: { line: fork, position: 3 }, head: 3 });
        rooms.appendState(deeper, 4, [
          { type: 'b', stateKey: '', event: z },
          // Event 0: the key left the state.
          { type: 'c', stateKey: '', event: 0 as EventNumber },
        ]);
      });
      const { rooms } = store;
      assert.deepEqual(byKey(await rooms.getStateAt({ line: fork, position: 2 })), { 'a/': one, 'b/': two });
      assert.deepEqual(byKey(await rooms.getStateAt({ line: fork, position: 3 })), {
        'a/': one,
        'b/': two,
        'c/': x,
        'd/': y,
      });
      assert.deepEqual(byKey(await rooms.getStateAt({ line: deeper, position: 4 })), { 'a/': one, 'b/': z, 'd/': y });
      const pairs = ['a', 'b', 'c'].map((type) => ({ type, stateKey: '' }));
      assert.deepEqual(byKey(await rooms.getStateAt({ line: deeper, position: 4 }, pairs)), { 'a/': one, 'b/': z });
      assert.equal((await rooms.getLines(room.number)).length, 3);
    },
  },
  {
    name: 'one key changes once at a position, and only lines that exist grow',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      await kit.setState(room, { type: 'a', stateKey: '', position: 1 });
      const entry = { type: 'a', stateKey: '', event: store.allocateEvent() };
      const twice = await failureOf(store, (one) => {
        one.rooms.appendState(room.line, 1, [entry]);
      });
      assert.ok(twice instanceof ConflictError);
      const nowhere = await failureOf(store, (one) => {
        one.rooms.appendState(store.allocateLine(), 1, [entry]);
      });
      assert.ok(nowhere instanceof ConflictError);
    },
  },
  {
    name: 'a key that a failed transaction made up is made again',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const type = `custom.${kit.unique()}`;
      const failure = await failureOf(store, (one) => {
        one.rooms.setCurrentState(room.number, [{ type, stateKey: '', event: store.allocateEvent() }]);
        one.rooms.setForgotten(kit.user(), room.number);
      });
      assert.ok(failure instanceof ConflictError);
      const event = await kit.setState(room, { type, stateKey: '', position: 1 });
      assert.deepEqual(byKey(await store.rooms.getCurrentState(room.number, [{ type, stateKey: '' }])), {
        [`${type}/`]: event,
      });
    },
  },
];
