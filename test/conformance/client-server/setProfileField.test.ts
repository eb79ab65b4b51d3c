import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer, v3 } from '../../harness/index.ts';

const server = useServer();

test('setProfileField, getProfileField, getUserProfile, deleteProfileField: as specified', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const path = (field: string): string => v3`/profile/${alice.id}/${field}`;
  await alice.ok('PUT', path('displayname'), { displayname: 'Alice' });
  await alice.ok('PUT', path('avatar_url'), { avatar_url: 'mxc://test.example/abc' });
  await alice.ok('PUT', path('org.example.field'), { 'org.example.field': { deep: [1] } });
  assert.equal((await bob.ok('GET', path('displayname'))).text('displayname'), 'Alice');
  const all = await bob.ok('GET', v3`/profile/${alice.id}`);
  assert.deepEqual(all.get('org.example.field'), { deep: [1] });
  await alice.ok('DELETE', path('org.example.field'));
  await bob.fails('404 M_NOT_FOUND', 'GET', path('org.example.field'));
  await bob.fails('404 M_NOT_FOUND', 'GET', v3`/profile/${'@none:test.example'}`);
});

test('setProfileField: only ones own, within limits', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  await bob.fails('403 M_FORBIDDEN', 'PUT', v3`/profile/${alice.id}/displayname`, { displayname: 'x' });
  await bob.fails('403 M_FORBIDDEN', 'DELETE', v3`/profile/${alice.id}/displayname`);
  const set = async (field: string, value: unknown) =>
    await alice.call('PUT', v3`/profile/${alice.id}/${field}`, { [field]: value });
  (await set('displayname', 'x'.repeat(256))).expect(200);
  assert.equal((await set('displayname', 'x'.repeat(257))).status, 400);
  assert.equal((await set('displayname', 7)).status, 400);
  (await set(`org.${'k'.repeat(252)}`, 1)).expect(400, 'M_KEY_TOO_LARGE');
  (await set('org.example.big', 'x'.repeat(65_536))).expect(400, 'M_PROFILE_TOO_LARGE');
  const missing = await alice.call('PUT', v3`/profile/${alice.id}/displayname`, { other: 1 });
  assert.equal(missing.status, 400);
});

test('setProfileField: a new name appears in the rooms of the user', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  await bob.ok('PUT', v3`/profile/${bob.id}/displayname`, { displayname: 'Robert' });
  const name = async (): Promise<unknown> =>
    (await alice.ok('GET', v3`/rooms/${room}/state/m.room.member/${bob.id}`)).get('displayname');
  for (let turns = 0; (await name()) !== 'Robert' && turns < 100; turns += 1) await bob.ok('GET', v3`/joined_rooms`);
  assert.equal(await name(), 'Robert');
});

test('setAccountData, getAccountData: global, ones own only', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const path = v3`/user/${alice.id}/account_data/org.example.data`;
  await alice.fails('404 M_NOT_FOUND', 'GET', path);
  await alice.ok('PUT', path, { a: [1, { b: null }], __proto: 'x' });
  assert.deepEqual((await alice.ok('GET', path)).body, { a: [1, { b: null }], __proto: 'x' });
  await bob.fails('403 M_FORBIDDEN', 'GET', path);
  await bob.fails('403 M_FORBIDDEN', 'PUT', path, {});
  for (const type of ['m.fully_read', 'm.push_rules']) {
    assert.ok(
      [400, 405].includes((await alice.call('PUT', v3`/user/${alice.id}/account_data/${type}`, {})).status),
      type,
    );
  }
});

test('setAccountDataPerRoom, getAccountDataPerRoom: as specified', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  const path = v3`/user/${alice.id}/rooms/${room}/account_data/org.example.data`;
  await alice.ok('PUT', path, { a: 1 });
  assert.deepEqual((await alice.ok('GET', path)).body, { a: 1 });
  await bob.fails('403 M_FORBIDDEN', 'GET', path);
  const global = v3`/user/${alice.id}/account_data/org.example.data`;
  await alice.fails('404 M_NOT_FOUND', 'GET', global);
  const bad = v3`/user/${alice.id}/rooms/${'no room'}/account_data/x`;
  assert.ok([400, 403, 404].includes((await alice.call('PUT', bad, {})).status));
});

test('setRoomTag, getRoomTags, deleteRoomTag: as specified', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  const tags = v3`/user/${alice.id}/rooms/${room}/tags`;
  await alice.ok('PUT', `${tags}/m.favourite`, { order: 0.25 });
  await alice.ok('PUT', `${tags}/u.work`, {});
  assert.deepEqual((await alice.ok('GET', tags)).get('tags'), { 'm.favourite': { order: 0.25 }, 'u.work': {} });
  await alice.ok('DELETE', `${tags}/u.work`);
  await alice.ok('DELETE', `${tags}/u.work`);
  assert.deepEqual((await alice.ok('GET', tags)).get('tags'), { 'm.favourite': { order: 0.25 } });
  await bob.fails('403 M_FORBIDDEN', 'GET', tags);
  assert.equal((await alice.call('PUT', `${tags}/${'u.'.padEnd(256, 'x')}`, {})).status, 400);
  const sync = JSON.stringify((await alice.sync()).get('rooms', 'join', room, 'account_data'));
  assert.ok(sync.includes('"m.tag"') && sync.includes('m.favourite'));
});

test('defineFilter, getFilter: as specified', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const filter = { room: { timeline: { limit: 3 } }, event_fields: ['type'] };
  const id = (await alice.ok('POST', v3`/user/${alice.id}/filter`, filter)).text('filter_id');
  assert.ok(!id.startsWith('{'));
  assert.deepEqual((await alice.ok('GET', v3`/user/${alice.id}/filter/${id}`)).body, filter);
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/user/${alice.id}/filter/none`);
  await bob.fails('403 M_FORBIDDEN', 'GET', v3`/user/${alice.id}/filter/${id}`);
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/user/${alice.id}/filter`, {});
  await alice.sync({ filter: id });
  (await alice.call('GET', `${v3`/sync`}?filter=none`)).expect(404);
  assert.equal((await alice.call('GET', `${v3`/sync`}?filter=%7Bbroken`)).status, 400);
});
