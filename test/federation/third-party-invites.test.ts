/** Invites by a third-party identifier: an identity server, played by a key, says whose it is. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/matrix/json.ts';
import { encodeBase64 } from '../../src/lib/base64.ts';
import { signJson } from '../../src/rules/signatures/sign.ts';
import { keyOf } from '../fixtures/ed25519.ts';
import { type Answer, TestNetwork, type TestServer, type User, v3 } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import { ok } from '../harness/remote/requests.ts';

const network = new TestNetwork();
const context = {} as { alpha: TestServer; beta: TestServer; remote: RemoteServer; alice: User; bob: User };
const identity = keyOf('id.test', Buffer.alloc(32, 7), 'ed25519:0');
const impostor = keyOf('id.test', Buffer.alloc(32, 8), 'ed25519:0');

before(async () => {
  context.remote = await network.startRemote('remote.test');
  context.alpha = network.server('alpha.test');
  context.beta = network.server('beta.test');
  for (const server of [context.alpha, context.beta]) await server.start();
  context.alice = await context.alpha.register('alice');
  context.bob = await context.beta.register('bob');
});
after(async () => {
  await context.remote.stop();
  for (const server of [context.alpha, context.beta]) await server.finish();
});

function proof(mxid: string, token: string, key = identity): JsonObject {
  return signJson({ mxid, token }, { entity: key.entity, keyId: key.keyId, sign: key.sign });
}

/** A room of alice in which somebody has been invited by e-mail. */
async function roomWithInvite(token: string): Promise<string> {
  const room = await context.alice.createRoom({ preset: 'private_chat' });
  const publicKey = encodeBase64(identity.publicKey);
  const content = { display_name: 'b…@example.org', key_validity_url: 'https://id.test/valid', public_key: publicKey };
  await context.alice.setState(room, 'm.room.third_party_invite', content, token);
  return room;
}

async function bind(server: string, user: string, invite: JsonObject): Promise<Answer> {
  const told = { medium: 'email', address: 'b@example.org', mxid: user };
  return await context.remote.client.request({
    destination: server,
    method: 'PUT',
    uri: '/_matrix/federation/v1/3pid/onbind',
    authorization: '',
    body: { ...told, invites: [{ ...told, ...invite }] },
  });
}

async function membership(user: User, room: string, target: string): Promise<string> {
  const answer = await user.call('GET', v3`/rooms/${room}/state/m.room.member/${target}`);
  return answer.status === 404 ? 'none' : answer.text('membership');
}

describe('a third-party invite', () => {
  test('onBindThirdPartyIdentifier: is redeemed by a user of the same server', async () => {
    const { alice, alpha } = context;
    const carol = await alpha.register('carol');
    const room = await roomWithInvite('one');
    const invite = { room_id: room, sender: alice.id, signed: proof(carol.id, 'one') };
    (await bind('alpha.test', carol.id, invite)).expect(200);
    assert.equal(await membership(alice, room, carol.id), 'invite');
    await carol.join(room);
    // Once more: a member is not made an invited user again.
    (await bind('alpha.test', carol.id, invite)).expect(200);
    assert.equal(await membership(alice, room, carol.id), 'join');
  });

  test('is redeemed by a user of another server, which asks the one of the inviter', async () => {
    const { alice, bob } = context;
    const room = await roomWithInvite('two');
    const invite = { room_id: room, sender: alice.id, signed: proof(bob.id, 'two') };
    (await bind('beta.test', bob.id, invite)).expect(200);
    assert.equal(await membership(alice, room, bob.id), 'invite');
    await bob.join(room);
    assert.equal(await membership(alice, room, bob.id), 'join');
  });

  test('comes to nothing without the proof of the right identity server', async () => {
    const { alice, bob } = context;
    const room = await roomWithInvite('three');
    const wrong: JsonObject[] = [
      { signed: proof(bob.id, 'three', impostor) },
      { signed: proof(bob.id, 'unknown') },
      { signed: proof(alice.id, 'three') },
      { signed: { ...proof(bob.id, 'three'), signatures: {} } },
      { signed: proof(bob.id, 'three'), sender: '@other:alpha.test' },
      { signed: proof(bob.id, 'three'), room_id: '!none:alpha.test' },
      { signed: proof(bob.id, 'three'), sender: '@x:nowhere.test' },
    ];
    for (const one of wrong) {
      (await bind('beta.test', bob.id, { room_id: room, sender: alice.id, ...one })).expect(200);
    }
    assert.equal(await membership(alice, room, bob.id), 'none');
  });
});

describe('exchangeThirdPartyInvite: an invite by the proof of an identity server', () => {
  const ask = async (room: string, body: JsonValue): Promise<Answer> =>
    await context.remote.client.request({
      destination: 'alpha.test',
      method: 'PUT',
      uri: `/_matrix/federation/v1/exchange_third_party_invite/${encodeURIComponent(room)}`,
      body,
    });

  test('invites users of the asking server whose proof is right', async () => {
    const { alice, remote, bob } = context;
    const dora = remote.user('dora');
    const room = await roomWithInvite('four');
    const body = (changes: JsonObject = {}, signed: JsonObject = proof(dora, 'four')): JsonObject => ({
      type: 'm.room.member',
      room_id: room,
      sender: alice.id,
      state_key: dora,
      content: { membership: 'invite', third_party_invite: { display_name: 'd', signed } },
      ...changes,
    });
    (await ask(room, body({ type: 'm.room.topic' }))).expect(400, 'M_INVALID_PARAM');
    (await ask(room, body({ room_id: '!other:alpha.test' }))).expect(400, 'M_INVALID_PARAM');
    (await ask(room, body({ state_key: bob.id }))).expect(403, 'M_FORBIDDEN');
    (await ask(room, body({}, proof(dora, 'four', impostor)))).expect(403, 'M_FORBIDDEN');
    (await ask(room, body({ sender: '@x:beta.test' }))).expect(404, 'M_NOT_FOUND');
    (await ask('!none:alpha.test', body({ room_id: '!none:alpha.test' }))).expect(404, 'M_NOT_FOUND');
    assert.equal(await membership(alice, room, dora), 'none');
    (await ask(room, body())).expect(200);
    assert.equal(await membership(alice, room, dora), 'invite');
    assert.equal(remote.invites.length, 1);
    await alice.setState(room, 'm.room.server_acl', { allow: ['*'], deny: ['remote.test'] });
    (await ask(room, body())).expect(403, 'M_FORBIDDEN');
  });

  test('is asked of the inviter’s server, signed; its answer goes nowhere', async () => {
    const { bob, remote } = context;
    const takeOut = remote.on('exchangeThirdPartyInvite', () => ok({ anything: true }));
    const invite = { room_id: '!far:remote.test', sender: remote.user('erin'), signed: proof(bob.id, 'five') };
    const answer = (await bind('beta.test', bob.id, invite)).expect(200);
    takeOut();
    assert.equal(JSON.stringify(answer.body), '{}');
    const [request] = remote.requestsFor('exchangeThirdPartyInvite');
    assert.ok(request !== undefined && 'origin' in request.authentication);
  });
});

test('askPolicyServerToSign: this server is no policy server', async () => {
  const answer = await context.remote.client.request({
    destination: 'alpha.test',
    method: 'POST',
    uri: '/_matrix/policy/v1/sign',
    body: { type: 'm.room.message' },
  });
  answer.expect(404, 'M_UNRECOGNIZED');
});
