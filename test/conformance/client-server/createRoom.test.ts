import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVER_NAME, useServer, v3 } from '../../harness/index.ts';

const server = useServer();

test('createRoom: name, topic and alias stand in the state, and the creator is in', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom({ name: 'Home', topic: 'Things', room_alias_name: 'home' });
  assert.deepEqual((await alice.ok('GET', v3`/joined_rooms`)).texts('joined_rooms'), [room]);
  assert.equal((await alice.ok('GET', v3`/rooms/${room}/state/m.room.name/`)).text('name'), 'Home');
  assert.equal((await alice.ok('GET', v3`/rooms/${room}/state/m.room.topic`)).text('topic'), 'Things');
  const alias = `#home:${SERVER_NAME}`;
  assert.equal((await alice.ok('GET', v3`/rooms/${room}/state/m.room.canonical_alias/`)).text('alias'), alias);
  assert.equal((await alice.ok('GET', v3`/directory/room/${alias}`)).text('room_id'), room);
});

for (const [preset, joinRule, guestAccess] of [
  ['private_chat', 'invite', 'can_join'],
  ['trusted_private_chat', 'invite', 'can_join'],
  ['public_chat', 'public', 'forbidden'],
] as const) {
  test(`createRoom: the preset ${preset}`, async () => {
    const alice = await server.register('alice');
    const room = await alice.createRoom({ preset });
    const state = async (type: string, key: string): Promise<string> =>
      (await alice.ok('GET', v3`/rooms/${room}/state/${type}/`)).text(key);
    assert.equal(await state('m.room.join_rules', 'join_rule'), joinRule);
    assert.equal(await state('m.room.history_visibility', 'history_visibility'), 'shared');
    assert.equal(await state('m.room.guest_access', 'guest_access'), guestAccess);
  });
}

test('createRoom: without a preset, the visibility chooses it', async () => {
  const alice = await server.register('alice');
  const open = await alice.createRoom({ visibility: 'public' });
  assert.equal((await alice.ok('GET', v3`/rooms/${open}/state/m.room.join_rules/`)).text('join_rule'), 'public');
  const closed = await alice.createRoom({});
  assert.equal((await alice.ok('GET', v3`/rooms/${closed}/state/m.room.join_rules/`)).text('join_rule'), 'invite');
  const listed = (await alice.ok('GET', v3`/directory/list/room/${open}`)).text('visibility');
  assert.equal(listed, 'public');
});

for (const version of ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']) {
  test(`createRoom: room version ${version}`, async () => {
    const [alice, bob] = await server.users('alice', 'bob');
    const room = await alice.createRoom({ room_version: version, preset: 'public_chat' });
    const create = await alice.ok('GET', v3`/rooms/${room}/state/m.room.create/`);
    assert.equal(create.get('room_version') ?? '1', version);
    await bob.join(room);
    const event = await bob.send(room, 'in every version');
    assert.equal(
      (await alice.ok('GET', v3`/rooms/${room}/event/${event}`)).text('content', 'body'),
      'in every version',
    );
    await alice.ok('PUT', v3`/rooms/${room}/redact/${event}/r1`, {});
    assert.deepEqual((await bob.ok('GET', v3`/rooms/${room}/event/${event}`)).object('content'), {});
  });
}

test('createRoom: initial_state overrides the preset, name overrides initial_state', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom({
    preset: 'public_chat',
    name: 'Later',
    initial_state: [
      { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } },
      { type: 'm.room.name', content: { name: 'Earlier' } },
      { type: 'org.example.key', state_key: 'k', content: { a: 1 } },
    ],
  });
  assert.equal((await alice.ok('GET', v3`/rooms/${room}/state/m.room.join_rules/`)).text('join_rule'), 'knock');
  assert.equal((await alice.ok('GET', v3`/rooms/${room}/state/m.room.name/`)).text('name'), 'Later');
  assert.deepEqual((await alice.ok('GET', v3`/rooms/${room}/state/org.example.key/k`)).body, { a: 1 });
});

test('createRoom: invites, with is_direct in the member events', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ invite: [bob.id], is_direct: true });
  const sync = await bob.sync();
  const events = sync.list('rooms', 'invite', room, 'invite_state', 'events');
  const mine = events.find((one) => one['type'] === 'm.room.member' && one['state_key'] === bob.id);
  assert.deepEqual(mine?.['content'] !== undefined && (mine['content'] as Record<string, unknown>)['is_direct'], true);
  assert.ok(
    events.some((one) => one['type'] === 'm.room.create'),
    'the invite carries the create event',
  );
});

test('createRoom: trusted_private_chat gives invitees the power of the creator', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const options = { preset: 'trusted_private_chat', invite: [bob.id] };
  const old = await alice.createRoom({ ...options, room_version: '11' });
  assert.equal((await alice.ok('GET', v3`/rooms/${old}/state/m.room.power_levels/`)).number('users', bob.id), 100);
  const modern = await alice.createRoom({ ...options, room_version: '12' });
  const create = await alice.ok('GET', v3`/rooms/${modern}/state/m.room.create/`);
  assert.deepEqual(create.texts('additional_creators'), [bob.id]);
});

test('createRoom: creation_content and power_level_content_override', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom({
    creation_content: { type: 'm.space', creator: '@mallory:evil', room_version: '1' },
    power_level_content_override: { events_default: 25 },
  });
  const create = await alice.ok('GET', v3`/rooms/${room}/state/m.room.create/`);
  assert.equal(create.text('type'), 'm.space');
  assert.equal(create.text('room_version'), '12');
  const levels = await alice.ok('GET', v3`/rooms/${room}/state/m.room.power_levels/`);
  assert.equal(levels.number('events_default'), 25);
});

test('createRoom: refuses what cannot be, and leaves nothing behind', async () => {
  const alice = await server.register('alice');
  await alice.createRoom({ room_alias_name: 'taken' });
  await alice.fails('400 M_ROOM_IN_USE', 'POST', v3`/createRoom`, { room_alias_name: 'taken' });
  await alice.fails('400 M_UNSUPPORTED_ROOM_VERSION', 'POST', v3`/createRoom`, { room_version: '999' });
  await alice.fails('400 M_BAD_JSON', 'POST', v3`/createRoom`, { preset: 'nonsense' });
  await alice.fails('400 M_BAD_JSON', 'POST', v3`/createRoom`, { name: 12 });
  const noUser = await alice.call('POST', v3`/createRoom`, { invite: ['nobody'] });
  assert.equal(noUser.status, 400);
  const levels = { power_level_content_override: { users: { [alice.id]: 0 }, events_default: 0, state_default: 50 } };
  const powerless = await alice.call('POST', v3`/createRoom`, { ...levels, room_version: '11', name: 'x' });
  powerless.expect(400, 'M_INVALID_ROOM_STATE');
  assert.equal((await alice.ok('GET', v3`/joined_rooms`)).texts('joined_rooms').length, 1);
});

test('createRoom: an alias with a colon, a space or 300 letters is refused', async () => {
  const alice = await server.register('alice');
  for (const name of ['a:b', 'x'.repeat(300)]) {
    const answer = await alice.call('POST', v3`/createRoom`, { room_alias_name: name });
    assert.equal(answer.status, 400, `${name.slice(0, 9)} gave ${answer.status}`);
  }
});

test('upgradeRoom: a tombstone there, the same members and settings here', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const old = await alice.createRoom({
    room_version: '10',
    preset: 'public_chat',
    name: 'Moving',
    room_alias_name: 'mv',
  });
  await bob.join(old);
  const fresh = (await alice.ok('POST', v3`/rooms/${old}/upgrade`, { new_version: '12' })).text('replacement_room');
  const tombstone = await bob.ok('GET', v3`/rooms/${old}/state/m.room.tombstone/`);
  assert.equal(tombstone.text('replacement_room'), fresh);
  const create = await alice.ok('GET', v3`/rooms/${fresh}/state/m.room.create/`);
  assert.equal(create.text('predecessor', 'room_id'), old);
  assert.equal((await alice.ok('GET', v3`/rooms/${fresh}/state/m.room.name/`)).text('name'), 'Moving');
  assert.equal((await alice.ok('GET', v3`/directory/room/${`#mv:${SERVER_NAME}`}`)).text('room_id'), fresh);
  await bob.fails('403 M_FORBIDDEN', 'PUT', v3`/rooms/${old}/send/m.room.message/x`, { msgtype: 'm.text', body: '' });
  await bob.join(fresh);
});

test('upgradeRoom: needs power, a known version, a room', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/rooms/${room}/upgrade`, { new_version: '12' });
  await alice.fails('400 M_UNSUPPORTED_ROOM_VERSION', 'POST', v3`/rooms/${room}/upgrade`, { new_version: 'none' });
  await alice.fails('400 M_BAD_JSON', 'POST', v3`/rooms/${room}/upgrade`, {});
  const answer = await alice.call('POST', v3`/rooms/${'!none:test.example'}/upgrade`, { new_version: '12' });
  assert.ok([403, 404].includes(answer.status));
});
