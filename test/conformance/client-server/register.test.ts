import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passwordAuth, passwordOf, SERVER_NAME, useServer, User, v3 } from '../../harness/index.ts';

const server = useServer();
const closed = useServer({ config: { registration: { mode: 'token', sharedSecret: 'x' } } });

const dummy = { type: 'm.login.dummy' };

test('register: the flows first, then an account with a session', async () => {
  const nobody = server.nobody;
  const body = { username: 'walter', password: 'a long password' };
  const challenge = (await nobody.call('POST', v3`/register`, body)).expect(401);
  assert.deepEqual(challenge.get('flows'), [{ stages: ['m.login.dummy'] }]);
  const auth = { ...dummy, session: challenge.text('session') };
  const answer = await nobody.ok('POST', v3`/register`, {
    ...body,
    auth,
    device_id: 'DEV',
    initial_device_display_name: 'D',
  });
  assert.equal(answer.text('user_id'), `@walter:${SERVER_NAME}`);
  assert.equal(answer.text('device_id'), 'DEV');
  await nobody.fails('400 M_USER_IN_USE', 'POST', v3`/register`, { ...body, auth: dummy });
});

test('register: inhibit_login, and without a username', async () => {
  const nobody = server.nobody;
  const quiet = await nobody.ok('POST', v3`/register`, {
    username: 'quiet',
    password: 'a long password',
    auth: dummy,
    inhibit_login: true,
  });
  assert.equal(quiet.get('access_token'), undefined);
  const made = await nobody.ok('POST', v3`/register`, { password: 'a long password', auth: dummy });
  assert.match(made.text('user_id'), /^@.+:/);
});

test('register: names and passwords that are not possible', async () => {
  const nobody = server.nobody;
  for (const username of ['UPPER CASE', 'ümlaut', 'a'.repeat(260), '', '@a:b', 'nul\0']) {
    const answer = await nobody.call('POST', v3`/register`, { username, password: 'a long password', auth: dummy });
    answer.expect(400, 'M_INVALID_USERNAME');
  }
  const weak = await nobody.call('POST', v3`/register`, { username: 'weak', password: 'x', auth: dummy });
  weak.expect(400, 'M_WEAK_PASSWORD');
  const guest = await nobody.call('POST', `${v3`/register`}?kind=guest`, {});
  guest.expect(403, 'M_GUEST_ACCESS_FORBIDDEN');
  (await nobody.call('POST', v3`/register`, { username: 'nopass', auth: dummy })).expect(400);
});

test('register: of many at once for one name exactly one wins (adv-085)', async () => {
  const body = { username: 'contended', password: 'a long password', auth: dummy };
  const answers = await Promise.all(Array.from({ length: 100 }, () => server.nobody.call('POST', v3`/register`, body)));
  assert.equal(answers.filter((one) => one.status === 200).length, 1);
  for (const one of answers) if (one.status !== 200) one.expect(400, 'M_USER_IN_USE');
});

test('register, registrationTokenValidity: with a registration token where one is needed', async () => {
  const nobody = closed.nobody;
  const made = await closed.running.services.admin.run({ name: 'invite.create', uses: 1 } as never);
  const { token } = made as { token: string };
  const validity = async (one: string): Promise<unknown> =>
    (await nobody.ok('GET', `/_matrix/client/v1/register/m.login.registration_token/validity?token=${one}`)).get(
      'valid',
    );
  assert.equal(await validity(token), true);
  assert.equal(await validity('nonsense'), false);
  const body = { username: 'invited', password: 'a long password' };
  const challenge = (await nobody.call('POST', v3`/register`, body)).expect(401);
  assert.deepEqual(challenge.get('flows'), [{ stages: ['m.login.registration_token'] }]);
  const session = challenge.text('session');
  (await nobody.call('POST', v3`/register`, { ...body, auth: { ...dummy, session } })).expect(401);
  const type = 'm.login.registration_token';
  (await nobody.call('POST', v3`/register`, { ...body, auth: { type, token: 'wrong', session } })).expect(401);
  await nobody.ok('POST', v3`/register`, { ...body, auth: { type, token, session } });
  assert.equal(await validity(token), false, 'a token for one use is used up');
  const again = { username: 'second', password: 'a long password', auth: { type, token } };
  (await nobody.call('POST', v3`/register`, again)).expect(401);
});

test('checkUsernameAvailability: free, taken, impossible', async () => {
  const alice = await server.register('alice');
  const check = (name: string) =>
    server.nobody.call('GET', `${v3`/register/available`}?username=${encodeURIComponent(name)}`);
  assert.equal((await check('freename')).expect(200).get('available'), true);
  (await check(alice.id.slice(1).split(':')[0] ?? '')).expect(400, 'M_USER_IN_USE');
  (await check('NOT POSSIBLE')).expect(400, 'M_INVALID_USERNAME');
});

test('getLoginFlows, login: by password, with full id or localpart', async () => {
  const alice = await server.register('alice');
  const flows = (await server.nobody.ok('GET', v3`/login`)).list('flows').map((one) => one['type']);
  assert.ok(flows.includes('m.login.password'));
  const localpart = alice.id.slice(1).split(':')[0];
  const body = { type: 'm.login.password', password: passwordOf(alice.id) };
  for (const more of [{ identifier: { type: 'm.id.user', user: localpart } }, { user: alice.id }]) {
    assert.equal((await server.nobody.ok('POST', v3`/login`, { ...body, ...more })).text('user_id'), alice.id);
  }
});

test('login: wrong password and unknown user answer the same (adv-067), empty password refused (adv-076)', async () => {
  const alice = await server.register('alice');
  const attempt = async (user: string, password: unknown) =>
    await server.nobody.call('POST', v3`/login`, {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user },
      password,
    });
  const wrong = (await attempt(alice.id, 'wrong')).expect(403, 'M_FORBIDDEN');
  const unknown = (await attempt(`@unknown:${SERVER_NAME}`, 'wrong')).expect(403, 'M_FORBIDDEN');
  assert.deepEqual(wrong.body, unknown.body);
  (await attempt(alice.id, '')).expect(403, 'M_FORBIDDEN');
  (await attempt('@alice:elsewhere.example', 'x')).expect(403, 'M_FORBIDDEN');
  (await server.nobody.call('POST', v3`/login`, { type: 'm.login.unknown' })).expect(400);
  (await server.nobody.call('POST', v3`/login`, {})).expect(400);
});

test('login: a device id that exists is taken over, another users device is not (adv-083)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const again = await alice.login({ device_id: alice.device });
  assert.equal(again.device, alice.device);
  await alice.fails('401 M_UNKNOWN_TOKEN', 'GET', v3`/account/whoami`);
  await bob.login({ device_id: alice.device });
  await again.ok('GET', v3`/account/whoami`);
});

test('getTokenOwner: who a token belongs to', async () => {
  const alice = await server.register('alice');
  const who = await alice.ok('GET', v3`/account/whoami`);
  assert.deepEqual([who.text('user_id'), who.text('device_id')], [alice.id, alice.device]);
  await server.nobody.fails('401 M_MISSING_TOKEN', 'GET', v3`/account/whoami`);
});

test('logout, logout_all: end one session, or all', async () => {
  const alice = await server.register('alice');
  const [second, third] = [await alice.login(), await alice.login()];
  await second.ok('POST', v3`/logout`, {});
  await second.fails('401 M_UNKNOWN_TOKEN', 'GET', v3`/account/whoami`);
  assert.equal((await alice.ok('GET', v3`/devices`)).list('devices').length, 2);
  await third.ok('POST', v3`/logout/all`, {});
  await alice.fails('401 M_UNKNOWN_TOKEN', 'GET', v3`/account/whoami`);
});

test('refresh: a new token; the old refresh token ends when the new one is used', async () => {
  const alice = await (await server.register('alice')).login({ refresh_token: true });
  assert.ok(alice.refreshToken !== undefined);
  const fresh = await server.nobody.ok('POST', v3`/refresh`, { refresh_token: alice.refreshToken });
  const session = { id: alice.id, device: alice.device, token: fresh.text('access_token') };
  const next = new User(server, session);
  await next.ok('GET', v3`/account/whoami`);
  await server.nobody.fails('401 M_UNKNOWN_TOKEN', 'POST', v3`/refresh`, { refresh_token: alice.refreshToken });
  const wrong = await server.nobody.call('POST', v3`/refresh`, { refresh_token: alice.token });
  wrong.expect(401, 'M_UNKNOWN_TOKEN');
});

test('changePassword: needs the old one (adv-088), ends other sessions', async () => {
  const alice = await server.register('alice');
  const other = await alice.login();
  const body = { new_password: 'a new long password' };
  const challenge = (await alice.call('POST', v3`/account/password`, body)).expect(401);
  const session = challenge.text('session');
  const wrong = { ...body, auth: { ...passwordAuth(alice, session), password: 'wrong' } };
  (await alice.call('POST', v3`/account/password`, wrong)).expect(401);
  await alice.ok('POST', v3`/account/password`, { ...body, auth: passwordAuth(alice, session) });
  await other.fails('401 M_UNKNOWN_TOKEN', 'GET', v3`/account/whoami`);
  await alice.ok('GET', v3`/account/whoami`);
  const login = { type: 'm.login.password', user: alice.id };
  await server.nobody.ok('POST', v3`/login`, { ...login, password: 'a new long password' });
  await server.nobody.fails('403 M_FORBIDDEN', 'POST', v3`/login`, { ...login, password: passwordOf(alice.id) });
});

test('changePassword: a session of one user does not confirm for another (adv-081)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const challenge = (await alice.call('POST', v3`/account/password`, { new_password: 'a new long one' })).expect(401);
  const stolen = { new_password: 'a new long one', auth: { session: challenge.text('session') } };
  (await bob.call('POST', v3`/account/password`, stolen)).expect(401);
  const asAlice = { new_password: 'a new long one', auth: passwordAuth(alice) };
  (await bob.call('POST', v3`/account/password`, asAlice)).expect(401);
});

test('deactivateAccount: no way in again (adv-072, adv-073), and the name stays taken', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await bob.createRoom();
  await bob.bring(room, alice);
  (await alice.call('POST', v3`/account/deactivate`, {})).expect(401);
  await alice.ok('POST', v3`/account/deactivate`, { auth: passwordAuth(alice), erase: true });
  await alice.fails('401 M_UNKNOWN_TOKEN', 'GET', v3`/account/whoami`);
  const login = { type: 'm.login.password', user: alice.id, password: passwordOf(alice.id) };
  assert.ok([401, 403].includes((await server.nobody.call('POST', v3`/login`, login)).status));
  const member = await bob.ok('GET', v3`/rooms/${room}/state/m.room.member/${alice.id}`);
  assert.equal(member.text('membership'), 'leave');
  const username = alice.id.slice(1).split(':')[0];
  await server.nobody.fails('400 M_USER_IN_USE', 'POST', v3`/register`, {
    username,
    password: 'a long password',
    auth: dummy,
  });
});

test('getVersions, getWellknown, getCapabilities: what the server can do', async () => {
  const versions = await server.nobody.ok('GET', '/_matrix/client/versions');
  assert.ok(versions.texts('versions').includes('v1.11'));
  await server.nobody.ok('GET', '/.well-known/matrix/client');
  const alice = await server.register('alice');
  const room = (await alice.ok('GET', v3`/capabilities`)).object('capabilities', 'm.room_versions');
  assert.equal(room['default'], '12');
  await server.nobody.fails('401 M_MISSING_TOKEN', 'GET', v3`/capabilities`);
});
