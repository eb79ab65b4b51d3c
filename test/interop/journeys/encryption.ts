/** Journeys of encryption: device lists, keys, messages to devices, and a chat between two real clients. */
import assert from 'node:assert/strict';
import { JsSdkPeer } from '../../client/js-sdk-peer.ts';
import { png } from '../../client/picture.ts';
import type { Dict } from '../../harness/answer.ts';
import { CrossSigning, DeviceKeys } from '../../harness/keys.ts';
import { v3 } from '../../harness/user.ts';
import type { Journey, World } from './homeserver.ts';
import type { Person } from './person.ts';
import { sharedRoom } from './shared.ts';

const ENCRYPTION = {
  type: 'm.room.encryption',
  state_key: '',
  content: { algorithm: 'm.megolm.v1.aes-sha2' },
};

async function upload(person: Person, more: (keys: DeviceKeys) => Dict = () => ({})): Promise<DeviceKeys> {
  const keys = new DeviceKeys(person.id, person.deviceId);
  await person.ok('POST', v3`/keys/upload`, { device_keys: keys.deviceKeys, ...more(keys) });
  return keys;
}

/** The devices of somebody as another one sees them. */
async function devicesOf(person: Person, user: string): Promise<Dict> {
  const answer = await person.ok('POST', v3`/keys/query`, { device_keys: { [user]: [] } });
  return (answer.get('device_keys', user) ?? {}) as Dict;
}

async function deviceLists(world: World): Promise<void> {
  const { alice, bob } = await sharedRoom(world, { initial_state: [ENCRYPTION] });
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const changes = () => other.view.changedDevices.filter((user) => user === one.id).length;
    /** Waits until the server says once more that the list has changed, and until its answer is as wanted. */
    const untilDevices = async (...wanted: readonly string[]) => {
      await other.until(`devices ${wanted.join()}`, async () => {
        const seen = Object.keys(await devicesOf(other, one.id));
        return JSON.stringify(seen.toSorted()) === JSON.stringify(wanted.toSorted()) ? true : undefined;
      });
    };
    await upload(one);
    await untilDevices(one.deviceId);
    const before = changes();
    const second = await one.login('a second device');
    await upload(second);
    await other.until('word of a change', () => (changes() > before ? true : undefined));
    await untilDevices(one.deviceId, second.deviceId);
    await second.ok('POST', v3`/logout`);
    await untilDevices(one.deviceId);
  }
}

async function keyClaims(world: World): Promise<void> {
  const { alice, bob } = await sharedRoom(world, { initial_state: [ENCRYPTION] });
  for (const [owner, claimer] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await upload(owner, (keys) => ({
      one_time_keys: keys.keys(['AAAA']),
      fallback_keys: keys.keys(['FFFF'], { fallback: true }),
    }));
    const claim = async (): Promise<string[]> => {
      const one_time_keys = { [owner.id]: { [owner.deviceId]: 'signed_curve25519' } };
      const answer = await claimer.ok('POST', v3`/keys/claim`, { one_time_keys });
      return Object.keys(answer.object('one_time_keys', owner.id, owner.deviceId));
    };
    assert.deepEqual(await claim(), ['signed_curve25519:AAAA']);
    assert.deepEqual(await claim(), ['signed_curve25519:FFFF']);
  }
}

async function crossSigning(world: World): Promise<void> {
  const { alice, bob } = await sharedRoom(world, { initial_state: [ENCRYPTION] });
  for (const [owner, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await upload(owner);
    // The other server may have asked for the keys before there were any: it must hear of the new ones.
    await devicesOf(other, owner.id);
    const keys = new CrossSigning(owner.id);
    await owner.ok('POST', v3`/keys/device_signing/upload`, keys.upload);
    await other.until('the cross-signing keys', async () => {
      const answer = await other.ok('POST', v3`/keys/query`, { device_keys: { [owner.id]: [] } });
      const master = answer.get('master_keys', owner.id, 'keys', `ed25519:${keys.master.publicKey}`);
      const selfSigning = answer.get('self_signing_keys', owner.id, 'keys', `ed25519:${keys.selfSigning.publicKey}`);
      assert.equal(answer.get('user_signing_keys', owner.id), undefined);
      return master === keys.master.publicKey && selfSigning === keys.selfSigning.publicKey ? true : undefined;
    });
  }
}

async function toDevice(world: World): Promise<void> {
  const { alice, bob } = await sharedRoom(world);
  for (const [sender, receiver] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    for (const device of [receiver.deviceId, '*']) {
      const content = { words: `to ${device}` };
      const messages = { [receiver.id]: { [device]: content } };
      await sender.ok('PUT', v3`/sendToDevice/m.example/${`${sender.localpart}${device}`}`, { messages });
      const event = await receiver.until('a message to the device', (view) =>
        view.toDevice.find((one) => (one['content'] as Dict)['words'] === content.words),
      );
      assert.deepEqual([event['sender'], event['type']], [sender.id, 'm.example']);
    }
  }
}

async function chat(world: World): Promise<void> {
  const alice = await world.host.register('alice');
  const bob = await world.guest.register('bob');
  const sessionOf = ({ id, deviceId, token }: Person) => ({ user_id: id, device_id: deviceId, access_token: token });
  const peers: JsSdkPeer[] = [];
  try {
    for (const person of [alice, bob]) peers.push(await JsSdkPeer.enter(person.url, sessionOf(person)));
    const [left, right] = peers;
    assert.ok(left !== undefined && right !== undefined);
    const room = await alice.createRoom({
      preset: 'trusted_private_chat',
      room_version: world.roomVersion,
      invite: [bob.id],
      initial_state: [ENCRYPTION],
    });
    assert.equal(await right.acceptInvitation(), room);
    await left.until(() => (left.client.getRoom(room)?.getMember(bob.id)?.membership === 'join' ? true : undefined));
    await left.client.sendTextMessage(room, 'from alice');
    const event = await right.text(room, 'from alice');
    await right.reply(room, event.getId() ?? '', 'from bob');
    const answer = await left.text(room, 'from bob');
    await left.react(room, answer.getId() ?? '', '🔑');
    await right.reaction(room, answer.getId() ?? '', '🔑');
    const bytes = png(40, 30);
    await right.sendImage(room, { name: 'secret.png', bytes, width: 40, height: 30 });
    const image = await left.message(room, (content) => content['body'] === 'secret.png');
    assert.deepEqual(await left.readFile(image), bytes);
  } finally {
    for (const peer of peers) peer.stop();
  }
}

export const ENCRYPTED: readonly Journey[] = [
  { name: 'device lists', run: deviceLists },
  { name: 'claims of keys', run: keyClaims },
  { name: 'cross-signing keys', run: crossSigning },
  { name: 'messages to devices', run: toDevice },
  { name: 'an encrypted chat between two matrix-js-sdk clients', run: chat },
];
