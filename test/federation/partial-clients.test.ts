/** What clients are told of a room while its members are fetched, and by whom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dict, dig, type User } from '../harness/index.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { holdState, joinedMembers, joinLarge, largeRoom, LAZY, MEMBERS } from './partial-scene.ts';
import { useScripted } from './scripted.ts';

const HERE = 'alpha.test';
const SLIDING = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
const scene = useScripted();

async function slide(user: User, wanted: readonly string[], pos?: string) {
  const list = { ranges: [[0, 9]], timeline_limit: 10, required_state: [['m.room.member', ...wanted]] };
  const query = pos === undefined ? '' : `?pos=${encodeURIComponent(pos)}&timeout=0`;
  return await user.ok('POST', SLIDING + query, { conn_id: wanted.join(), lists: { all: list } });
}

function membersIn(answer: unknown, room: RemoteRoom): unknown[] {
  const state = dig(answer, 'rooms', room.roomId, 'required_state') as Dict[] | undefined;
  return (state ?? []).filter((event) => event['type'] === 'm.room.member').map((event) => event['state_key']);
}

test('sliding sync shows the room to whoever takes members as they are needed, and later to all', async () => {
  const { remote, server } = scene;
  const room = largeRoom(remote, '12');
  const release = holdState(remote, room);
  const alice = await server.register('alice');
  await joinLarge(scene, alice, room);
  const speaker = remote.user('member9');
  await remote.deliver(room, room.message(speaker, 'here I am'));
  const lazy = await slide(alice, ['$LAZY']);
  assert.deepEqual(new Set(membersIn(lazy.body, room)), new Set([speaker, alice.id]));
  const whole = await slide(alice, ['*']);
  assert.equal(dig(whole.body, 'rooms', room.roomId), undefined, 'not a part of the members for all of them');
  release();
  await joinedMembers(alice, room);
  const after = await slide(alice, ['*'], whole.text('pos'));
  assert.equal(membersIn(after.body, room).length, MEMBERS + 2);
  const lazyAfter = await slide(alice, ['$LAZY'], lazy.text('pos'));
  assert.ok(membersIn(lazyAfter.body, room).length <= 2, 'nobody is told of members without need');
  assert.equal(dig(lazyAfter.body, 'rooms', room.roomId, 'joined_count'), MEMBERS + 2);
});

test('a client that has synced meanwhile is told of the room when it is whole, while it waits', async () => {
  const { remote, server } = scene;
  const room = largeRoom(remote, '11');
  const release = holdState(remote, room);
  const alice = await server.register('alice');
  const start = (await alice.sync()).text('next_batch');
  await joinLarge(scene, alice, room);
  const quiet = await alice.sync({ since: start });
  assert.equal(dig(quiet.body, 'rooms', 'join', room.roomId), undefined);
  const waiting = alice.sync({ since: quiet.text('next_batch'), timeout: '20000' });
  release();
  const told = dig((await waiting).body, 'rooms', 'join', room.roomId);
  const state = (dig(told, 'state', 'events') as Dict[]).filter((event) => event['type'] === 'm.room.member');
  assert.equal(state.length, MEMBERS + 1);
  const fresh = await alice.sync();
  const all = dig(fresh.body, 'rooms', 'join', room.roomId, 'state', 'events') as Dict[];
  assert.equal(all.filter((event) => event['type'] === 'm.room.member').length, MEMBERS + 1);
});

test('who has read what is taken in of members who are not known yet, and of no strangers', async () => {
  const { remote, bystander, server } = scene;
  const room = largeRoom(remote, '10');
  const release = holdState(remote, room);
  const alice = await server.register('alice');
  const since = (await alice.sync({ filter: LAZY })).text('next_batch');
  await joinLarge(scene, alice, room);
  const sent = await alice.send(room.roomId, 'read this');
  await remote.untilEvent(room, sent);
  const receiptOf = (user: string) => ({
    edu_type: 'm.receipt',
    content: { [room.roomId]: { 'm.read': { [user]: { event_ids: [sent], data: { ts: 5 } } } } },
  });
  const [reader, stranger] = [remote.user('member3'), bystander.user('stranger')];
  await bystander.send(HERE, { edus: [receiptOf(stranger)] });
  await remote.send(HERE, { edus: [receiptOf(reader)] });
  const { body } = await alice.sync({ filter: LAZY, since });
  const told = JSON.stringify(dig(body, 'rooms', 'join', room.roomId, 'ephemeral'));
  assert.ok(told.includes(reader) && !told.includes(stranger), told);
  release();
  await joinedMembers(alice, room);
});
