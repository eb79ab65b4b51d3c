/** Tokens by which a user shows others who they are. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { type Answer, TestNetwork, type TestServer, v3 } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';

const network = new TestNetwork();
const context = {} as { alpha: TestServer; remote: RemoteServer };
let laterMs = 0;

before(async () => {
  context.remote = await network.startRemote('remote.test');
  context.alpha = network.server('alpha.test', {
    clock: { ...systemClock, now: () => systemClock.now() + laterMs },
  });
  await context.alpha.start();
});
after(async () => {
  await context.remote.stop();
  await context.alpha.finish();
});

/** What anybody is told of a token: the operation asks for no signature. */
async function exchange(token: string): Promise<Answer> {
  const uri = `/_matrix/federation/v1/openid/userinfo?access_token=${encodeURIComponent(token)}`;
  return await context.remote.client.request({ destination: 'alpha.test', method: 'GET', uri, authorization: '' });
}

test('requestOpenIdToken, exchangeOpenIdToken: a token tells whose it is, for an hour', async () => {
  const [alice, bob] = await context.alpha.users('alice', 'bob');
  const issued = await alice.ok('POST', v3`/user/${alice.id}/openid/request_token`, {});
  const { access_token: token, ...rest } = issued.body as Record<string, unknown>;
  assert.deepEqual(rest, { token_type: 'Bearer', matrix_server_name: 'alpha.test', expires_in: 3_600 });
  assert.ok(typeof token === 'string');
  assert.equal((await exchange(token)).expect(200).text('sub'), alice.id);
  await bob.fails('403 M_FORBIDDEN', 'POST', v3`/user/${alice.id}/openid/request_token`, {});
  laterMs = 3_601_000;
  (await exchange(token)).expect(401, 'M_UNKNOWN_TOKEN');
});

test('adv-084: such a token opens nothing else, and no other token is one', async () => {
  const alice = await context.alpha.register('alice');
  const token = (await alice.ok('POST', v3`/user/${alice.id}/openid/request_token`, {})).text('access_token');
  const headers = { Authorization: `Bearer ${token}` };
  (await context.alpha.nobody.call('GET', v3`/account/whoami`, undefined, { headers })).expect(401, 'M_UNKNOWN_TOKEN');
  for (const other of [alice.token, 'pso_unknown', '']) (await exchange(other)).expect(401, 'M_UNKNOWN_TOKEN');
});

test('the token of an account that is gone counts no more', async () => {
  const alice = await context.alpha.register('alice');
  const token = (await alice.ok('POST', v3`/user/${alice.id}/openid/request_token`, {})).text('access_token');
  (await exchange(token)).expect(200);
  const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: alice.id } };
  const password = `password of ${alice.id.slice(1).split(':')[0]}`;
  await alice.ok('POST', v3`/account/deactivate`, { auth: { ...auth, password } });
  (await exchange(token)).expect(401, 'M_UNKNOWN_TOKEN');
});
