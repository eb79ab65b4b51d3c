import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passwordAuth, passwordOf, url, useServer, v3 } from '../../harness/index.ts';

const server = useServer();

test('getWhoIs: of oneself, and of others for administrators', async () => {
  const [alice, admin] = [await server.register('alice'), await server.registerAdmin()];
  await alice.ok('GET', v3`/admin/whois/${alice.id}`);
  await admin.ok('GET', v3`/admin/whois/${alice.id}`);
  await alice.fails('403 M_FORBIDDEN', 'GET', v3`/admin/whois/${admin.id}`);
});

test('getAdminLockUser, setAdminLockUser: a locked account does nothing but log out (adv-083)', async () => {
  const [alice, admin] = [await server.register('alice'), await server.registerAdmin()];
  const lock = url`/_matrix/client/v1/admin/lock/${alice.id}`;
  await alice.fails('403 M_FORBIDDEN', 'GET', lock);
  await alice.fails('403 M_FORBIDDEN', 'PUT', lock, { locked: false });
  const other = await alice.login();
  await admin.ok('PUT', lock, { locked: true });
  assert.equal((await admin.ok('GET', lock)).get('locked'), true);
  const refused = await alice.fails('401 M_USER_LOCKED', 'GET', v3`/joined_rooms`);
  assert.equal(refused.get('soft_logout'), true);
  for (const path of [v3`/sync`, v3`/devices`, v3`/profile/${alice.id}/displayname`]) {
    const answer = await alice.call('GET', path);
    assert.ok(answer.status === 401 || path.includes('profile'), path);
  }
  const login = { type: 'm.login.password', user: alice.id, password: passwordOf(alice.id) };
  assert.ok([401, 403].includes((await server.nobody.call('POST', v3`/login`, login)).status), 'a locked user logs in');
  await other.ok('POST', v3`/logout`, {});
  await admin.ok('PUT', lock, { locked: false });
  await alice.ok('GET', v3`/joined_rooms`);
  await admin.fails('404 M_NOT_FOUND', 'GET', url`/_matrix/client/v1/admin/lock/${'@none:test.example'}`);
  const own = await admin.call('PUT', url`/_matrix/client/v1/admin/lock/${admin.id}`, { locked: true });
  assert.ok(own.status >= 400, 'nobody locks themselves out');
});

test('getAdminSuspendUser, setAdminSuspendUser: a suspended account reads, leaves, and says nothing', async () => {
  const [alice, admin, bob] = [
    await server.register('alice'),
    await server.registerAdmin(),
    await server.register('bob'),
  ];
  const room = await bob.createRoom({ preset: 'public_chat' });
  const open = await bob.createRoom({ preset: 'public_chat' });
  await alice.join(room);
  const [hers, his] = [await alice.send(room), await bob.send(room)];
  const suspend = url`/_matrix/client/v1/admin/suspend/${alice.id}`;
  await alice.fails('403 M_FORBIDDEN', 'PUT', suspend, { suspended: false });
  await admin.ok('PUT', suspend, { suspended: true });
  assert.equal((await admin.ok('GET', suspend)).get('suspended'), true);
  const suspended = '403 M_USER_SUSPENDED';
  await alice.fails(suspended, 'POST', v3`/createRoom`, {});
  await alice.fails(suspended, 'POST', v3`/rooms/${open}/join`, {});
  await alice.fails(suspended, 'POST', v3`/join/${open}`, {});
  await alice.fails(suspended, 'POST', v3`/knock/${open}`, {});
  await alice.fails(suspended, 'PUT', v3`/rooms/${room}/send/m.room.message/1`, { msgtype: 'm.text', body: 'x' });
  await alice.fails(suspended, 'POST', v3`/rooms/${room}/invite`, { user_id: admin.id });
  await alice.fails(suspended, 'PUT', v3`/profile/${alice.id}/displayname`, { displayname: 'x' });
  await alice.fails(suspended, 'DELETE', v3`/profile/${alice.id}/displayname`);
  await alice.fails(suspended, 'PUT', v3`/rooms/${room}/redact/${his}/1`, {});
  await alice.ok('PUT', v3`/rooms/${room}/redact/${hers}/2`, {});
  await alice.ok('GET', v3`/rooms/${room}/state`);
  await alice.sync();
  await alice.leave(room);
  const login = await alice.login();
  await login.ok('POST', v3`/logout`, {});
});

test('login, refresh, getTokenOwner: account state × way in (adv-075)', async () => {
  const [gone, admin] = [await server.register('gone'), await server.registerAdmin()];
  const session = await gone.login({ refresh_token: true });
  await gone.ok('POST', v3`/account/deactivate`, { auth: passwordAuth(gone) });
  for (const user of [gone, session]) await user.fails('401 M_UNKNOWN_TOKEN', 'GET', v3`/account/whoami`);
  const refreshed = await server.nobody.call('POST', v3`/refresh`, { refresh_token: session.refreshToken });
  assert.equal(refreshed.status, 401);
  const login = await server.nobody.call('POST', v3`/login`, {
    type: 'm.login.password',
    user: gone.id,
    password: passwordOf(gone.id),
  });
  assert.equal(login.status, 403);
  await admin.ok('GET', v3`/account/whoami`);
});

test('getRegisterNonce, registerWithSecret: each nonce once, a wrong mac never', async () => {
  const path = '/_synapse/admin/v1/register';
  const nonce = (await server.nobody.ok('GET', path)).text('nonce');
  const body = { nonce, username: 'viasecret', password: 'a long password', admin: true, mac: '00'.repeat(20) };
  (await server.nobody.call('POST', path, body)).expect(403);
  (await server.nobody.call('POST', path, body)).expect(400);
});
