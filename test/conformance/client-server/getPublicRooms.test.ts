import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVER_NAME, url, useServer, v3 } from '../../harness/index.ts';

const server = useServer();
const alias = (name: string): string => `#${name}:${SERVER_NAME}`;

test('setRoomAlias, getRoomIdByAlias, getLocalAliases, deleteRoomAlias: as specified', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await alice.ok('PUT', v3`/directory/room/${alias('one')}`, { room_id: room });
  const found = await server.nobody.ok('GET', v3`/directory/room/${alias('one')}`);
  assert.equal(found.text('room_id'), room);
  assert.deepEqual(found.texts('servers'), [SERVER_NAME]);
  await alice.fails('409 M_ROOM_IN_USE', 'PUT', v3`/directory/room/${alias('one')}`, { room_id: room });
  assert.deepEqual((await alice.ok('GET', v3`/rooms/${room}/aliases`)).texts('aliases'), [alias('one')]);
  await bob.join(room);
  await bob.fails('403 M_FORBIDDEN', 'DELETE', v3`/directory/room/${alias('one')}`);
  await bob.ok('PUT', v3`/directory/room/${alias('bobs')}`, { room_id: room });
  await bob.ok('DELETE', v3`/directory/room/${alias('bobs')}`);
  await alice.ok('DELETE', v3`/directory/room/${alias('one')}`);
  await server.nobody.fails('404 M_NOT_FOUND', 'GET', v3`/directory/room/${alias('one')}`);
  await alice.fails('404 M_NOT_FOUND', 'DELETE', v3`/directory/room/${alias('one')}`);
});

test('setRoomAlias, getRoomIdByAlias: what is no alias', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  for (const bad of ['noalias', '#nocolon', `#${'x'.repeat(300)}:${SERVER_NAME}`, '#x:elsewhere.example']) {
    const answer = await alice.call('PUT', v3`/directory/room/${bad}`, { room_id: room });
    assert.equal(answer.status, 400, bad.slice(0, 30));
  }
  await alice.fails('400 M_INVALID_PARAM', 'GET', v3`/directory/room/${'noalias'}`);
});

test('setRoomVisibilityOnDirectory, getRoomVisibilityOnDirectory: by those with power', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.join(room);
  const visibility = async () => (await server.nobody.ok('GET', v3`/directory/list/room/${room}`)).text('visibility');
  assert.equal(await visibility(), 'private');
  await bob.fails('403 M_FORBIDDEN', 'PUT', v3`/directory/list/room/${room}`, { visibility: 'public' });
  await alice.ok('PUT', v3`/directory/list/room/${room}`, { visibility: 'public' });
  assert.equal(await visibility(), 'public');
  await alice.ok('PUT', v3`/directory/list/room/${room}`, { visibility: 'private' });
  assert.equal(await visibility(), 'private');
  await server.nobody.fails('404 M_NOT_FOUND', 'GET', v3`/directory/list/room/${`!no:${SERVER_NAME}`}`);
});

test('getPublicRooms, queryPublicRooms: pages, terms and types', async () => {
  const alice = await server.register('alice');
  for (const name of ['Garden red', 'Garden blue', 'Garden green'])
    await alice.createRoom({ visibility: 'public', name });
  const space = { visibility: 'public', name: 'Garden space', creation_content: { type: 'm.space' } };
  await alice.createRoom(space);
  await alice.createRoom({ name: 'Garden hidden' });
  const search = async (body: object) => await alice.ok('POST', v3`/publicRooms`, body);
  const names = (answer: Awaited<ReturnType<typeof search>>): string[] =>
    answer
      .list('chunk')
      .map((one) => String(one['name']))
      .toSorted();
  const all = await search({ filter: { generic_search_term: 'garden' } });
  assert.deepEqual(names(all), ['Garden blue', 'Garden green', 'Garden red', 'Garden space']);
  const spaces = await search({ filter: { generic_search_term: 'garden', room_types: ['m.space'] } });
  assert.deepEqual(names(spaces), ['Garden space']);
  const plain = await search({ filter: { generic_search_term: 'garden', room_types: [null] } });
  assert.equal(plain.list('chunk').length, 3);
  const seen = new Set<unknown>();
  let since = '';
  for (let pages = 0; pages < 20; pages += 1) {
    const page = await server.nobody.ok('GET', `${v3`/publicRooms`}?limit=2${since}`);
    for (const one of page.list('chunk')) seen.add(one['name']);
    if (page.get('next_batch') === undefined) break;
    since = `&since=${page.text('next_batch')}`;
  }
  assert.ok(seen.has('Garden red') && seen.has('Garden space') && !seen.has('Garden hidden'));
});

test('getRoomSummary: of public rooms for everybody, of private ones for those who take part (adv-059)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const open = await alice.createRoom({ preset: 'public_chat', name: 'Open', room_alias_name: 'summary' });
  const path = (room: string): string => url`/_matrix/client/v1/room_summary/${room}`;
  const summary = await bob.ok('GET', path(open));
  assert.equal(summary.text('name'), 'Open');
  assert.equal(summary.number('num_joined_members'), 1);
  assert.equal((await bob.ok('GET', path(alias('summary')))).text('room_id'), open);
  const closed = await alice.createRoom({ name: 'SECRET' });
  const refused = await bob.call('GET', path(closed));
  assert.ok([403, 404].includes(refused.status));
  const unknown = await bob.call('GET', path(`!none:${SERVER_NAME}`));
  assert.deepEqual(refused.body, unknown.body, 'a private room and none look alike');
  await alice.invite(closed, bob);
  assert.equal((await bob.ok('GET', path(closed))).text('membership'), 'invite');
});

test('getRoomSummary, getSpaceHierarchy: tell the algorithm, and nothing that is none (adv-066)', async () => {
  const alice = await server.register('alice');
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  const told = async (): Promise<unknown[]> => [
    (await alice.ok('GET', url`/_matrix/client/v1/room_summary/${roomId}`)).get('encryption'),
    (await alice.ok('GET', url`/_matrix/client/v1/rooms/${roomId}/hierarchy`)).list('rooms')[0]?.['encryption'],
  ];
  for (const [algorithm, seen] of [
    ['text', undefined],
    ['', undefined],
    ['m.megolm.v1.aes-sha2', 'm.megolm.v1.aes-sha2'],
  ] as const) {
    await alice.setState(roomId, 'm.room.encryption', { algorithm });
    assert.deepEqual(await told(), [seen, seen], algorithm);
  }
});

test('getSpaceHierarchy: children, depth, pages, and nothing of rooms one may not see (adv-059)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const space = await alice.createRoom({ creation_content: { type: 'm.space' }, preset: 'public_chat', name: 'Space' });
  const child = async (parent: string, options: object, content: object = {}): Promise<string> => {
    const room = await alice.createRoom({ ...options });
    await alice.setState(parent, 'm.space.child', { via: [SERVER_NAME], ...content }, room);
    return room;
  };
  const open = await child(space, { preset: 'public_chat', name: 'Open' });
  const closed = await child(space, { name: 'SECRET' });
  const inner = await child(
    space,
    { creation_content: { type: 'm.space' }, preset: 'public_chat' },
    { suggested: true },
  );
  const deep = await child(inner, { preset: 'public_chat', name: 'Deep' });
  await alice.setState(inner, 'm.space.child', { via: [SERVER_NAME] }, space);
  const path = url`/_matrix/client/v1/rooms/${space}/hierarchy`;
  const rooms = async (user: typeof alice, query = ''): Promise<string[]> =>
    (await user.ok('GET', path + query))
      .list('rooms')
      .map((one) => String(one['room_id']))
      .toSorted();
  assert.deepEqual(await rooms(alice), [space, open, closed, inner, deep].toSorted());
  assert.deepEqual(await rooms(bob), [space, open, inner, deep].toSorted());
  assert.deepEqual(await rooms(bob, '?max_depth=1'), [space, open, inner].toSorted());
  assert.deepEqual(await rooms(bob, '?suggested_only=true'), [space, inner].toSorted());
  const first = await bob.ok('GET', `${path}?limit=2`);
  const second = await bob.ok('GET', `${path}?limit=2&from=${encodeURIComponent(first.text('next_batch'))}`);
  const both = [...first.list('rooms'), ...second.list('rooms')].map((one) => String(one['room_id']));
  assert.deepEqual(both.toSorted(), [space, open, inner, deep].toSorted());
  (await bob.call('GET', `${path}?from=rubbish`)).expect(400);
});

test('searchUserDirectory: global profiles of those who share a room or are in a public one (adv-064)', async () => {
  const [alice, bob, hidden] = await server.users('alice', 'findme', 'findmenot');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  await bob.ok('PUT', v3`/profile/${bob.id}/displayname`, { displayname: 'Global Name' });
  await bob.setState(room, 'm.room.member', { membership: 'join', displayname: 'RoomOnly' }, bob.id);
  const search = async (term: string): Promise<string> =>
    JSON.stringify((await alice.ok('POST', v3`/user_directory/search`, { search_term: term })).body);
  assert.ok((await search('global')).includes(bob.id));
  assert.ok(!(await search('RoomOnly')).includes(bob.id));
  assert.ok(!(await search('findme')).includes(hidden.id));
});

test('getMutualRooms: rooms in common', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  await alice.createRoom();
  const answer = await alice.ok('GET', `/_matrix/client/v1/mutual_rooms?user_id=${encodeURIComponent(bob.id)}`);
  assert.deepEqual(answer.texts('joined'), [room]);
  (await alice.call('GET', `/_matrix/client/v1/mutual_rooms?user_id=${encodeURIComponent(alice.id)}`)).expect(400);
});
