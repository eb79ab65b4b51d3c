/** Many at the same moment: nobody is lost, nothing is doubled, everybody sees one order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();

async function order(user: User, room: string): Promise<string[]> {
  const path = `${v3`/rooms/${room}/messages`}?dir=f&limit=1000`;
  return (await user.ok('GET', path)).list('chunk').map((one) => String(one['event_id']));
}

test('joinRoom, sendMessage: thirty users join and talk at once', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom({ preset: 'public_chat' });
  const users = await Promise.all(Array.from({ length: 30 }, () => server.register('crowd')));
  await Promise.all(users.map((one) => one.join(room)));
  const joined = await alice.ok('GET', v3`/rooms/${room}/joined_members`);
  assert.equal(Object.keys(joined.object('joined')).length, 31);
  const sent = await Promise.all(users.flatMap((one) => Array.from({ length: 5 }, (_, n) => one.send(room, `m${n}`))));
  assert.equal(new Set(sent).size, 150);
  const first = await order(alice, room);
  assert.equal(first.length, new Set(first).size);
  for (const event of sent) assert.ok(first.includes(event));
  const [other] = users;
  assert.ok(other !== undefined);
  assert.deepEqual(await order(other, room), first);
});

test('setRoomStateWithKey, ban, joinRoom: contradictory changes at once leave one state', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  for (let round = 0; round < 10; round += 1) {
    await Promise.all([
      alice.call('POST', v3`/rooms/${room}/ban`, { user_id: bob.id }),
      bob.call('POST', v3`/rooms/${room}/join`, {}),
      alice.call('PUT', v3`/rooms/${room}/state/m.room.name/`, { name: `a${round}` }),
      bob.call('PUT', v3`/rooms/${room}/send/m.room.message/c${String(round)}`, { msgtype: 'm.text', body: 'x' }),
      alice.call('POST', v3`/rooms/${room}/unban`, { user_id: bob.id }),
      bob.call('POST', v3`/rooms/${room}/leave`, {}),
    ]);
    const member = await alice.call('GET', v3`/rooms/${room}/state/m.room.member/${bob.id}`);
    const inRoom = (await bob.ok('GET', v3`/joined_rooms`)).texts('joined_rooms').includes(room);
    assert.equal(member.get('membership') === 'join', inRoom);
    const listed = (await alice.ok('GET', v3`/rooms/${room}/joined_members`)).object('joined');
    assert.equal(Object.hasOwn(listed, bob.id), inRoom);
  }
});

test('setRoomAlias, createRoom: of many for one alias exactly one wins', async () => {
  const alice = await server.register('alice');
  const wishes = Array.from({ length: 20 }, () =>
    alice.call('POST', v3`/createRoom`, { room_alias_name: 'contended' }),
  );
  const answers = await Promise.all(wishes);
  assert.equal(answers.filter((one) => one.status === 200).length, 1);
  for (const one of answers) if (one.status !== 200) one.expect(400, 'M_ROOM_IN_USE');
  const rooms = (await alice.ok('GET', v3`/joined_rooms`)).texts('joined_rooms');
  assert.equal(rooms.length, 1, 'the losers left no room behind');
  const sync = await alice.sync();
  assert.deepEqual(Object.keys(sync.object('rooms', 'join')), rooms);
});

test('setRoomTag, setPushRule: of changes at once none is lost', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const names = Array.from({ length: 20 }, (_, n) => `u.t${n}`);
  const tags = v3`/user/${alice.id}/rooms/${room}/tags`;
  await Promise.all(names.map((one) => alice.ok('PUT', `${tags}/${one}`, {})));
  assert.equal(Object.keys((await alice.ok('GET', tags)).object('tags')).length, 20);
  const rule = { conditions: [], actions: [] };
  await Promise.all(names.map((one) => alice.ok('PUT', v3`/pushrules/global/override/${one}`, rule)));
  const rules = (await alice.ok('GET', v3`/pushrules/global/`)).list('override').map((one) => one['rule_id']);
  for (const one of names) assert.ok(rules.includes(one), one);
});

test('deactivateAccount: nothing of the profile, the keys or the media tokens is left (adv-087)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  await alice.ok('PUT', v3`/profile/${alice.id}/displayname`, { displayname: 'Alice Liddell' });
  await alice.ok('PUT', v3`/user/${alice.id}/account_data/org.example.private`, { a: 1 });
  const auth = { type: 'm.login.password', user: alice.id, password: `password of ${alice.id.slice(1).split(':')[0]}` };
  await alice.ok('POST', v3`/account/deactivate`, { auth, erase: true });
  const profile = await bob.call('GET', v3`/profile/${alice.id}`);
  assert.ok(!JSON.stringify(profile.body).includes('Liddell'));
  const keys = await bob.ok('POST', v3`/keys/query`, { device_keys: { [alice.id]: [] } });
  assert.deepEqual(keys.get('device_keys', alice.id) ?? {}, {});
  const found = await bob.ok('POST', v3`/user_directory/search`, { search_term: 'Liddell' });
  assert.deepEqual(found.list('results'), []);
});
