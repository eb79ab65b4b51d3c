/** Rooms with a policy server: what is sent from here carries its signature, or is not sent. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeBase64 } from '../../src/lib/base64.ts';
import { getObject, getString, type JsonObject } from '../../src/matrix/json.ts';
import { type Answer, TestNetwork, type TestServer, type User, v3 } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import { ok } from '../harness/remote/requests.ts';

const network = new TestNetwork();
const context = {} as { alpha: TestServer; remote: RemoteServer; alice: User };

before(async () => {
  context.remote = await network.startRemote('remote.test');
  context.alpha = network.server('alpha.test');
  await context.alpha.start();
  context.alice = await context.alpha.register('alice');
});
after(async () => {
  await context.remote.stop();
  await context.alpha.finish();
});

/** A room of alice in which the scripted server is, and that asks it what may be sent. */
async function guardedRoom(options: JsonObject = {}): Promise<{ roomId: string; theirs: RemoteRoom }> {
  const { alice, remote } = context;
  const roomId = await alice.createRoom({ preset: 'public_chat', ...options });
  const user = remote.user('guard');
  const theirs = await remote.joinRemote({ destination: 'alpha.test', roomId, user });
  const policy = { via: remote.name, public_keys: { ed25519: encodeBase64(remote.policyKey.publicKey) } };
  const before = asked();
  const eventId = await alice.setState(roomId, 'm.room.policy', policy);
  assert.equal(asked(), before, 'the policy itself needs no recommendation');
  await remote.untilEvent(theirs, eventId);
  return { roomId, theirs };
}

function asked(): number {
  return context.remote.requestsFor('askPolicyServerToSign').length;
}

function trySend(roomId: string): Promise<Answer> {
  const { alice } = context;
  const path = v3`/rooms/${roomId}/send/m.room.message/${alice.nextTransaction()}`;
  return alice.call('PUT', path, { msgtype: 'm.text', body: 'hello' });
}

describe('a room with a policy server', () => {
  for (const version of ['2', '6', '11', '12']) {
    test(`room version ${version}: events are sent with its signature`, async () => {
      const { alice, remote } = context;
      const { roomId, theirs } = await guardedRoom({ room_version: version });
      const sent = [await alice.send(roomId, 'tschüß'), await alice.setState(roomId, 'm.room.topic', { topic: 'x' })];
      sent.push(
        (await alice.ok('PUT', v3`/rooms/${roomId}/redact/${sent[0] ?? ''}/${alice.nextTransaction()}`, {})).text(
          'event_id',
        ),
      );
      for (const id of sent) {
        const event = await remote.untilEvent(theirs, id);
        const signatures = getObject(event.json, 'signatures');
        assert.ok(getString(getObject(signatures, 'remote.test'), 'ed25519:policy_server') !== undefined);
        assert.ok(getObject(signatures, 'alpha.test') !== undefined);
      }
      const got = await alice.ok('GET', v3`/rooms/${roomId}/event/${sent[1] ?? ''}`);
      assert.equal(got.text('content', 'topic'), 'x');
    });
  }

  test('an invite to another server has the signature as well', async () => {
    const { alice, remote } = context;
    const { roomId } = await guardedRoom();
    const before = asked();
    await alice.ok('POST', v3`/rooms/${roomId}/invite`, { user_id: remote.user('friend') });
    assert.equal(asked() - before, 1);
    const invite = remote.invites.at(-1)?.event.json;
    const signature = getString(getObject(getObject(invite, 'signatures'), 'remote.test'), 'ed25519:policy_server');
    assert.ok(signature !== undefined);
  });

  test('what it does not recommend is not sent, and the room goes on', async () => {
    const { alice, remote } = context;
    const { roomId } = await guardedRoom();
    const refusal = remote.on('askPolicyServerToSign', () => ({
      status: 400,
      body: { errcode: 'M_FORBIDDEN', error: 'spam', soft_logout: true },
    }));
    const answer = (await trySend(roomId)).expect(403, 'M_FORBIDDEN');
    // adv-065
    assert.ok(!JSON.stringify(answer.body).includes('spam'));
    refusal();
    const signature = 'A'.repeat(86);
    const wrong: JsonObject[] = [
      {},
      { 'remote.test': { 'ed25519:policy_server': signature } },
      { 'other.test': { 'ed25519:policy_server': signature } },
    ];
    for (const body of wrong) {
      const takeOut = remote.on('askPolicyServerToSign', () => ok(body));
      (await trySend(roomId)).expect(403, 'M_FORBIDDEN');
      takeOut();
    }
    const busy = remote.on('askPolicyServerToSign', () => ({
      status: 429,
      body: { errcode: 'M_LIMIT_EXCEEDED', error: 'slow', retry_after_ms: 1_234 },
    }));
    assert.equal((await trySend(roomId)).expect(429, 'M_LIMIT_EXCEEDED').number('retry_after_ms'), 1_234);
    busy();
    const broken = remote.on('askPolicyServerToSign', () => ({ status: 500, body: {} }));
    (await trySend(roomId)).expect(502, 'M_UNKNOWN');
    broken();
    const before = (await alice.sync()).text('next_batch');
    const id = (await trySend(roomId)).expect(200).text('event_id');
    const after = await alice.sync({ since: before });
    assert.ok(JSON.stringify(after.body).includes(id));
  });

  test('one that has left it, or that is named badly, is not asked', async () => {
    const { alice, remote } = context;
    const { roomId } = await guardedRoom();
    const before = asked();
    await alice.setState(roomId, 'm.room.policy', { via: remote.name });
    (await trySend(roomId)).expect(200);
    await alice.setState(roomId, 'm.room.policy', { via: 'absent.test', public_keys: { ed25519: 'AAAA' } });
    (await trySend(roomId)).expect(200);
    assert.equal(asked(), before);
    // This server is none.
    await alice.setState(roomId, 'm.room.policy', { via: 'alpha.test', public_keys: { ed25519: 'AAAA' } });
    (await trySend(roomId)).expect(403, 'M_FORBIDDEN');
    await alice.setState(roomId, 'm.room.policy', {});
    (await trySend(roomId)).expect(200);
  });

  test('is asked about what comes without its signature; what it refuses is shown to nobody', async () => {
    const { alice, remote } = context;
    const { roomId, theirs } = await guardedRoom();
    const user = remote.user('guard');
    const come = async (body: string): Promise<boolean> => {
      const event = theirs.message(user, body);
      await remote.send('alpha.test', { pdus: [event] });
      const page = await alice.ok('GET', v3`/rooms/${roomId}/messages?dir=b&limit=5`);
      return JSON.stringify(page.body).includes(event.eventId);
    };
    const before = asked();
    assert.equal(await come('a good word'), true);
    assert.equal(asked() - before, 1);
    const refusal = remote.on('askPolicyServerToSign', () => ({
      status: 400,
      body: { errcode: 'M_FORBIDDEN', error: 'spam' },
    }));
    assert.equal(await come('a bad word'), false);
    refusal();
    const broken = remote.on('askPolicyServerToSign', () => ({ status: 500, body: {} }));
    const many = Array.from({ length: 20 }, (_, index) => theirs.message(user, `number ${index}`));
    const start = asked();
    await remote.send('alpha.test', { pdus: many });
    assert.ok(asked() - start <= 5, 'one that does not answer is not asked about each of them');
    broken();
    assert.equal(await come('and another good one'), true);
  });
});
