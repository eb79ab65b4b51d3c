import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVER_NAME, useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();

async function membership(viewer: User, room: string, user: User): Promise<unknown> {
  return (await viewer.ok('GET', v3`/rooms/${room}/state/m.room.member/${user.id}`)).get('membership');
}

test('joinRoomById: public rooms by anyone, private ones by invitation', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const open = await alice.createRoom({ preset: 'public_chat' });
  const answer = await bob.ok('POST', v3`/rooms/${open}/join`, { reason: 'because' });
  assert.equal(answer.text('room_id'), open);
  assert.equal((await alice.ok('GET', v3`/rooms/${open}/state/m.room.member/${bob.id}`)).text('reason'), 'because');
  const closed = await alice.createRoom({});
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${closed}/join`, {});
  await alice.invite(closed, bob);
  await bob.join(closed);
  assert.equal(await membership(alice, closed, bob), 'join');
});

test('joinRoomById: joining twice changes nothing', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  const newest = async (): Promise<string> =>
    (await alice.ok('GET', v3`/rooms/${room}/messages?dir=b&limit=1`)).text('chunk', 0, 'event_id');
  const before = await newest();
  await bob.join(room);
  assert.equal(await newest(), before);
});

test('joinRoom: by alias; an unknown alias or room is not found', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat', room_alias_name: 'byalias' });
  const alias = `#byalias:${SERVER_NAME}`;
  assert.equal((await bob.ok('POST', v3`/join/${alias}`, {})).text('room_id'), room);
  await bob.fails('404 M_NOT_FOUND', 'POST', v3`/join/${`#none:${SERVER_NAME}`}`, {});
  const unknown = await bob.call('POST', v3`/join/${`!none:${SERVER_NAME}`}`, {});
  assert.ok([403, 404].includes(unknown.status), String(unknown.status));
  assert.ok([400, 404].includes((await bob.call('POST', v3`/join/${'neither'}`, {})).status));
});

test('joinRoom: banned users stay out until they are unbanned', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  await alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: bob.id, reason: 'spam' });
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/join/${room}`, {});
  await alice.ok('POST', v3`/rooms/${room}/unban`, { user_id: bob.id });
  await bob.join(room);
});

test('ban, unban, kick: need the power for it', async () => {
  const [alice, bob, carol] = await server.users('alice', 'bob', 'carol');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  await carol.join(room);
  for (const action of ['ban', 'kick'] as const) {
    await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/${action}`, { user_id: carol.id });
    await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/${action}`, { user_id: alice.id });
  }
  await alice.ok('POST', v3`/rooms/${room}/kick`, { user_id: carol.id, reason: 'out' });
  assert.equal(await membership(alice, room, carol), 'leave');
  await alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: carol.id });
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/unban`, { user_id: carol.id });
  await alice.ok('POST', v3`/rooms/${room}/unban`, { user_id: carol.id });
  assert.equal(await membership(alice, room, carol), 'leave');
});

test('kick, ban, unban, inviteUser: bodies without a user id are refused', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  for (const action of ['kick', 'ban', 'unban', 'invite']) {
    await alice.fails('400 M_BAD_JSON', 'POST', v3`/rooms/${room}/${action}`, { user_id: 5 });
    const wrong = await alice.call('POST', v3`/rooms/${room}/${action}`, { user_id: 'no user' });
    assert.equal(wrong.status, 400);
  }
});

test('kick: somebody who is not in the room', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/kick`, { user_id: bob.id });
});

test('inviteUser: by members with the power, not for those who are in or banned', async () => {
  const [alice, bob, carol] = await server.users('alice', 'bob', 'carol');
  const room = await alice.createRoom({ power_level_content_override: { invite: 50 } });
  await alice.bring(room, bob);
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/invite`, { user_id: carol.id });
  await carol.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/invite`, { user_id: carol.id });
  await alice.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/invite`, { user_id: bob.id });
  await alice.ok('POST', v3`/rooms/${room}/ban`, { user_id: carol.id });
  await alice.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/invite`, { user_id: carol.id });
});

test('leaveRoom: leaves, and rejects an invitation', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.invite(room, bob);
  await bob.leave(room);
  assert.equal(await membership(alice, room, bob), 'leave');
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/join`, {});
  await alice.bring(room, bob);
  await bob.ok('POST', v3`/rooms/${room}/leave`, { reason: 'bye' });
  await bob.fails('403 M_FORBIDDEN', 'PUT', v3`/rooms/${room}/send/m.room.message/1`, { body: '', msgtype: 'm.text' });
  const stranger = await bob.call('POST', v3`/rooms/${`!no:${SERVER_NAME}`}/leave`, {});
  assert.ok([403, 404].includes(stranger.status));
});

test('forgetRoom: only after leaving; then its history is gone for the user', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  (await bob.call('POST', v3`/rooms/${room}/forget`, {})).expect(400);
  await bob.leave(room);
  await bob.ok('GET', v3`/rooms/${room}/messages?dir=b`);
  await bob.ok('POST', v3`/rooms/${room}/forget`, {});
  const reading = await bob.call('GET', v3`/rooms/${room}/messages?dir=b`);
  assert.ok([403, 404].includes(reading.status), 'adv-062: a forgotten room cannot be read');
  const filter = JSON.stringify({ room: { include_leave: true } });
  assert.equal((await bob.sync({ filter })).get('rooms', 'leave', room), undefined);
  await alice.bring(room, bob);
  await bob.ok('GET', v3`/rooms/${room}/messages?dir=b`);
});

test('knockRoom: where the join rule is knock, and accepting is inviting', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const rules = [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } }];
  const room = await alice.createRoom({ initial_state: rules });
  assert.equal((await bob.ok('POST', v3`/knock/${room}`, { reason: 'please' })).text('room_id'), room);
  assert.equal(await membership(alice, room, bob), 'knock');
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/join`, {});
  assert.ok((await bob.sync()).get('rooms', 'knock', room) !== undefined, 'the knock is in /sync');
  await alice.invite(room, bob);
  await bob.join(room);
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/knock/${room}`, {});
});

test('knockRoom: not on rooms that do not allow it', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/knock/${room}`, {});
  await bob.fails('404 M_NOT_FOUND', 'POST', v3`/knock/${`#none:${SERVER_NAME}`}`, {});
});

test('joinRoomById: a restricted room lets in members of the allowed room', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const club = await alice.createRoom({ preset: 'public_chat' });
  const allow = [{ type: 'm.room_membership', room_id: club }];
  const rules = [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'restricted', allow } }];
  const room = await alice.createRoom({ initial_state: rules, room_version: '10' });
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/join`, {});
  await bob.join(club);
  await bob.join(room);
  const member = await alice.ok('GET', v3`/rooms/${room}/state/m.room.member/${bob.id}`);
  assert.equal(member.text('join_authorised_via_users_server'), alice.id);
});

test('getJoinedRooms: what the user is in, and nothing else', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const mine = await bob.createRoom();
  const left = await bob.createRoom();
  await bob.leave(left);
  const invited = await alice.createRoom();
  await alice.invite(invited, bob);
  assert.deepEqual((await bob.ok('GET', v3`/joined_rooms`)).texts('joined_rooms'), [mine]);
});
