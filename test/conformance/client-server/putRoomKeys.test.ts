import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();
const algorithm = 'm.megolm_backup.v1.curve25519-aes-sha2';
const key = (index: number, forwarded = 0, verified = true): object => ({
  first_message_index: index,
  forwarded_count: forwarded,
  is_verified: verified,
  session_data: { ciphertext: `c${index}`, ephemeral: 'e', mac: 'm' },
});

async function newVersion(user: User): Promise<string> {
  const body = { algorithm, auth_data: { public_key: 'abc', signatures: {} } };
  return (await user.ok('POST', v3`/room_keys/version`, body)).text('version');
}

test('postRoomKeysVersion, getRoomKeysVersionCurrent: the newest version is the current one', async () => {
  const alice = await server.register('alice');
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/room_keys/version`);
  const first = await newVersion(alice);
  const second = await newVersion(alice);
  assert.notEqual(first, second);
  const current = await alice.ok('GET', v3`/room_keys/version`);
  assert.equal(current.text('version'), second);
  assert.equal(current.number('count'), 0);
});

test('getRoomKeysVersion, putRoomKeysVersion, deleteRoomKeysVersion: of their owner', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const first = await newVersion(alice);
  const second = await newVersion(alice);
  assert.equal((await alice.ok('GET', v3`/room_keys/version/${first}`)).text('algorithm'), algorithm);
  const update = { algorithm, auth_data: { public_key: 'abc', signatures: { x: {} } } };
  await alice.ok('PUT', v3`/room_keys/version/${second}`, update);
  assert.deepEqual((await alice.ok('GET', v3`/room_keys/version`)).get('auth_data'), update.auth_data);
  const other = await alice.call('PUT', v3`/room_keys/version/${second}`, { ...update, algorithm: 'other' });
  assert.equal(other.status, 400);
  const wrong = await alice.call('PUT', v3`/room_keys/version/${second}`, { ...update, version: first });
  assert.equal(wrong.status, 400);
  await bob.fails('404 M_NOT_FOUND', 'GET', v3`/room_keys/version/${second}`);
  await bob.fails('404 M_NOT_FOUND', 'DELETE', v3`/room_keys/version/${second}`);
  await alice.ok('DELETE', v3`/room_keys/version/${second}`);
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/room_keys/version/${second}`);
  assert.equal((await alice.ok('GET', v3`/room_keys/version`)).text('version'), first);
});

test('putRoomKeys, getRoomKeys, deleteRoomKeys: count and etag follow', async () => {
  const alice = await server.register('alice');
  const version = await newVersion(alice);
  const path = `${v3`/room_keys/keys`}?version=${version}`;
  const rooms = { '!a:x': { sessions: { s1: key(1), s2: key(2) } }, '!b:x': { sessions: { s3: key(3) } } };
  const put = await alice.ok('PUT', path, { rooms });
  assert.equal(put.number('count'), 3);
  assert.deepEqual((await alice.ok('GET', path)).get('rooms'), rooms);
  const again = await alice.ok('PUT', path, { rooms });
  assert.equal(again.text('etag'), put.text('etag'), 'nothing has changed');
  const gone = await alice.ok('DELETE', path);
  assert.equal(gone.number('count'), 0);
  assert.notEqual(gone.text('etag'), put.text('etag'));
  assert.deepEqual((await alice.ok('GET', path)).get('rooms'), {});
});

test('putRoomKeysByRoomId, getRoomKeysByRoomId, deleteRoomKeysByRoomId: the sessions of one room', async () => {
  const alice = await server.register('alice');
  const version = await newVersion(alice);
  const room = (id: string): string => `${v3`/room_keys/keys/${id}`}?version=${version}`;
  for (const id of ['!a:x', '!b:x']) await alice.ok('PUT', room(id), { sessions: { s1: key(1), s2: key(2) } });
  assert.deepEqual((await alice.ok('GET', room('!a:x'))).get('sessions'), { s1: key(1), s2: key(2) });
  assert.equal((await alice.ok('DELETE', room('!a:x'))).number('count'), 2);
  assert.deepEqual((await alice.ok('GET', room('!a:x'))).get('sessions'), {});
  assert.equal(Object.keys((await alice.ok('GET', room('!b:x'))).object('sessions')).length, 2);
});

test('getRoomKeyBySessionId, deleteRoomKeyBySessionId: one session, whatever its id looks like', async () => {
  const alice = await server.register('alice');
  const version = await newVersion(alice);
  const room = `${v3`/room_keys/keys/${'!a:x'}`}?version=${version}`;
  const session = (id: string): string => `${v3`/room_keys/keys/${'!a:x'}/${id}`}?version=${version}`;
  await alice.ok('PUT', room, { sessions: { s1: key(1), 'odd/+ id': key(2) } });
  assert.deepEqual((await alice.ok('GET', session('odd/+ id'))).body, key(2));
  await alice.ok('PUT', session('s3'), key(3));
  assert.equal((await alice.ok('DELETE', session('s1'))).number('count'), 2);
  await alice.fails('404 M_NOT_FOUND', 'GET', session('s1'));
});

test('putRoomKeyBySessionId: the better key stays', async () => {
  const alice = await server.register('alice');
  const version = await newVersion(alice);
  const path = `${v3`/room_keys/keys/${'!a:x'}/s`}?version=${version}`;
  const kept = async (body: object): Promise<unknown> => {
    await alice.ok('PUT', path, body);
    return (await alice.ok('GET', path)).body;
  };
  assert.deepEqual(await kept(key(5, 1, false)), key(5, 1, false));
  assert.deepEqual(await kept(key(9, 0, true)), key(9, 0, true), 'verified wins over the index');
  assert.deepEqual(await kept(key(1, 0, false)), key(9, 0, true));
  assert.deepEqual(await kept(key(3, 4, true)), key(3, 4, true), 'the lower index wins');
  assert.deepEqual(await kept(key(3, 2, true)), key(3, 2, true), 'then fewer forwards');
  assert.deepEqual(await kept(key(3, 2, true)), key(3, 2, true));
});

test('putRoomKeys: an old version is refused with the current one; unknown versions are not found', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const old = await newVersion(alice);
  const current = await newVersion(alice);
  const rooms = { '!a:x': { sessions: { s: key(1) } } };
  const wrong = await alice.call('PUT', `${v3`/room_keys/keys`}?version=${old}`, { rooms });
  wrong.expect(403, 'M_WRONG_ROOM_KEYS_VERSION');
  assert.equal(wrong.text('current_version'), current);
  await alice.fails('404 M_NOT_FOUND', 'GET', `${v3`/room_keys/keys`}?version=999`);
  await bob.fails('404 M_NOT_FOUND', 'PUT', `${v3`/room_keys/keys`}?version=${current}`, { rooms });
  await alice.fails('400 M_MISSING_PARAM', 'PUT', v3`/room_keys/keys`, { rooms });
  await alice.fails('400 M_BAD_JSON', 'PUT', `${v3`/room_keys/keys`}?version=${current}`, { rooms: { '!a:x': {} } });
});
