/** Two people on two servers, each with matrix-js-sdk, talk encrypted. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Preset } from 'matrix-js-sdk';
import { JsSdkPeer } from '../client/js-sdk-peer.ts';
import { useServers } from '../harness/network.ts';
import type { TestServer } from '../harness/server.ts';

const TOKEN = 'friends';

const [alpha, beta] = useServers(['alpha.test', 'beta.test'], { config: { registration: { mode: 'token' } } });

/** Somebody new on a server. */
async function person(server: TestServer, name: string, t: TestContext): Promise<JsSdkPeer> {
  const { store, clock } = server.running.services.context;
  const limits = { usesMax: 1, usesCompleted: 0, expiresAt: undefined };
  const token = `${TOKEN}-${name}`;
  await store.transact((one) =>
    one.accounts.putRegistrationToken({
      ...limits,
      token,
      createdAt: clock.now(),
      createdBy: undefined,
      admin: false,
      rooms: [],
    }),
  );
  const peer = await JsSdkPeer.register(server.baseUrl, name, token);
  t.after(() => peer.stop());
  return peer;
}

async function encryptedRoom(host: JsSdkPeer, guest: JsSdkPeer): Promise<string> {
  const encryption = { type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } };
  const { room_id: roomId } = await host.client.createRoom({
    preset: Preset.PrivateChat,
    invite: [guest.client.getSafeUserId()],
    initial_state: [encryption],
  });
  await guest.acceptInvitation();
  await host.until(() => (host.client.getRoom(roomId)?.getJoinedMemberCount() === 2 ? true : undefined));
  return roomId;
}

test('both read what the other writes, also on a device that comes later', { timeout: 60_000 }, async (t) => {
  const alice = await person(alpha, 'alice', t);
  const bob = await person(beta, 'bob', t);
  const roomId = await encryptedRoom(alice, bob);

  await alice.client.sendTextMessage(roomId, 'from alpha');
  const first = await bob.text(roomId, 'from alpha');
  assert.equal(first.getSender(), alice.client.getUserId());
  await bob.client.sendTextMessage(roomId, 'from beta');
  await alice.text(roomId, 'from beta');

  // A second device of bob is heard of by alpha, and gets the keys of what is said from then on.
  const key = await bob.createRecoveryKey();
  const phone = await JsSdkPeer.signIn(beta.baseUrl, { name: 'bob', password: 'bob password' }, key);
  t.after(() => phone.stop());
  await alice.until(async () => {
    const devices = await alice.crypto.getUserDeviceInfo([bob.client.getSafeUserId()], true);
    return devices.get(bob.client.getSafeUserId())?.size === 2 ? true : undefined;
  });
  await alice.client.sendTextMessage(roomId, 'to both of you');
  await phone.text(roomId, 'to both of you');
  await bob.text(roomId, 'to both of you');
  await phone.client.sendTextMessage(roomId, 'from the phone');
  await alice.text(roomId, 'from the phone');
});
