/** Keys of users of other servers: asked for, kept, kept up to date, and believed only where they are signed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asObject, type JsonObject, type JsonValue } from '../../src/matrix/json.ts';
import type { Answer } from '../harness/answer.ts';
import { type User, v3 } from '../harness/index.ts';
import { CrossSigning, DeviceKeys, uploadKeys } from '../harness/keys.ts';
import { useServers } from '../harness/network.ts';
import { passwordAuth } from '../harness/server.ts';
import { bystanderIn, sendEdus, sharedRoom, useScripted } from './scripted.ts';
import { untilTrue } from './until.ts';

const [alpha, beta] = useServers(['alpha.test', 'beta.test']);

async function query(user: User, ...subjects: readonly string[]): Promise<Answer> {
  return await user.ok('POST', v3`/keys/query`, {
    device_keys: Object.fromEntries(subjects.map((one) => [one, []])),
    timeout: 5_000,
  });
}

function devicesOf(answer: Answer, user: string): string[] {
  const all = answer.get('device_keys') as Record<string, object>;
  return Object.keys(all[user] ?? {}).toSorted((left, right) => (left < right ? -1 : 1));
}

function listsIn(answer: unknown): { changed: string[]; left: string[] } {
  const { device_lists: lists } = answer as { device_lists?: { changed?: string[]; left?: string[] } };
  return { changed: lists?.changed ?? [], left: lists?.left ?? [] };
}

/** A room of alice of alpha, into which bob of beta has come; both have keys. */
async function meeting(): Promise<{ alice: User; bob: User; room: string }> {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  await uploadKeys(alice, ['A1']);
  await uploadKeys(bob, ['B1', 'B2']);
  const room = await alice.createRoom({ preset: 'public_chat' });
  await bob.ok('POST', `${v3`/join/${room}`}?via=alpha.test`, {});
  return { alice, bob, room };
}

/** Runs something and follows the user's sync until somebody's devices are told to have changed by it. */
async function untilChanged(user: User, subject: string, change: () => Promise<unknown>): Promise<void> {
  const since = (await user.sync()).text('next_batch');
  await change();
  await untilTrue(user, (answer) => listsIn(answer).changed.includes(subject), since);
}

async function publishIdentity(user: User): Promise<CrossSigning> {
  const keys = new CrossSigning(user.id);
  await user.ok('POST', v3`/keys/device_signing/upload`, keys.upload);
  return keys;
}

test('queryUserEncryptionKeys, claimUserEncryptionKeys: also without a shared room', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  await uploadKeys(bob, ['B1', 'B2']);
  const answer = await query(alice, bob.id);
  assert.deepEqual(devicesOf(answer, bob.id), [bob.device]);
  assert.deepEqual(answer.get('failures'), {});
  const claim = async () => {
    const wish = { one_time_keys: { [bob.id]: { [bob.device]: 'signed_curve25519' } } };
    const claimed = (await alice.ok('POST', v3`/keys/claim`, wish)).get('one_time_keys');
    return Object.keys((claimed as Record<string, Record<string, object>>)[bob.id]?.[bob.device] ?? {});
  };
  assert.deepEqual(await claim(), ['signed_curve25519:B1']);
  assert.deepEqual(await claim(), ['signed_curve25519:B2']);
  assert.deepEqual(await claim(), []);
});

test('a user who joins from another server is told of, and so is each change of devices and identity', async () => {
  const { alice, bob, room } = await meeting();
  assert.deepEqual(devicesOf(await query(alice, bob.id), bob.id), [bob.device]);

  const phone = await bob.login();
  await untilChanged(alice, bob.id, () => uploadKeys(phone));
  assert.deepEqual(devicesOf(await query(alice, bob.id), bob.id), [bob.device, phone.device].toSorted());

  await untilChanged(alice, bob.id, () => publishIdentity(bob));
  const answer = await query(alice, bob.id);
  const keys = (name: string): string[] => Object.keys(answer.get(name) as object);
  assert.deepEqual([keys('master_keys'), keys('self_signing_keys')], [[bob.id], [bob.id]]);
  assert.ok(!keys('user_signing_keys').includes(bob.id));

  await untilChanged(alice, bob.id, () =>
    bob.ok('POST', v3`/delete_devices`, { devices: [phone.device], auth: passwordAuth(bob) }),
  );
  assert.deepEqual(devicesOf(await query(alice, bob.id), bob.id), [bob.device]);

  const since = (await alice.sync()).text('next_batch');
  await bob.leave(room);
  await untilTrue(alice, (body) => listsIn(body).left.includes(bob.id), since);
});

test('getUserDevices: what changed while a server was down is known when it is back', async () => {
  const { alice, bob } = await meeting();
  await query(alice, bob.id);
  const since = (await alice.sync()).text('next_batch');
  await alpha.stop();
  const phone = await bob.login();
  await uploadKeys(phone);
  await beta.stop();
  await beta.start();
  await alpha.start();
  // A word from alpha ends the pause that beta has made.
  await query(alice, '@nobody:beta.test');
  await untilTrue(alice, (answer) => listsIn(answer).changed.includes(bob.id), since);
  assert.deepEqual(devicesOf(await query(alice, bob.id), bob.id), [bob.device, phone.device].toSorted());
});

test('a signature on a key of a user of another server is seen by its maker alone', async () => {
  const { alice, bob } = await meeting();
  const mine = await publishIdentity(alice);
  const theirs = await publishIdentity(bob);
  await query(alice, bob.id);
  const signed = mine.userSigning.sign(theirs.upload.master_key, alice.id, mine.userSigning.publicKey);
  const upload = { [bob.id]: { [theirs.master.publicKey]: signed } };
  const answer = await alice.ok('POST', v3`/keys/signatures/upload`, upload);
  assert.deepEqual(answer.get('failures'), {});
  const signersSeenBy = async (user: User): Promise<string[]> => {
    const masters = (await query(user, bob.id)).get('master_keys') as Record<string, { signatures?: object }>;
    return Object.keys(masters[bob.id]?.signatures ?? {});
  };
  assert.ok((await signersSeenBy(alice)).includes(alice.id));
  assert.ok(!(await signersSeenBy(bob)).includes(alice.id));
});

test('a server that cannot be reached is a failure, and the others are answered', async () => {
  const alice = await alpha.register('alice');
  await uploadKeys(alice);
  const answer = await query(alice, alice.id, '@bob:gone.hosts.test');
  assert.deepEqual(devicesOf(answer, alice.id), [alice.device]);
  assert.deepEqual(Object.keys(answer.get('failures') as object), ['gone.hosts.test']);
});

describe('a server that says what is not so', () => {
  const scripted = useScripted();

  /** A user of the scripted server with one device, who shares a room with a new user of ours. */
  async function encounter(name: string): Promise<{ user: User; eve: string; keys: DeviceKeys }> {
    const { server, remote } = scripted;
    const user = await server.register(name);
    const eve = remote.user(`eve${name}`);
    const keys = new DeviceKeys(eve, 'EVE1');
    remote.users.get(eve)?.setDevice('EVE1', keys.deviceKeys as JsonObject);
    await sharedRoom(scripted, eve, user);
    return { user, eve, keys };
  }

  const update = (user: string, more: JsonObject) =>
    ['m.device_list_update', { user_id: user, device_id: 'EVE2', stream_id: 50, ...more }] as const;

  test('devices that have not signed themselves are left out', async () => {
    const { user, eve, keys } = await encounter('carol');
    const list = scripted.remote.users.get(eve);
    const other = new DeviceKeys(eve, 'EVE2');
    list?.setDevice('EVE2', { ...other.deviceKeys, algorithms: ['forged'] } as JsonObject);
    list?.setDevice('EVE3', keys.deviceKeys as JsonObject);
    list?.setDevice('EVE4', 7 as never);
    list?.setDevice('EVE5', new DeviceKeys('@other:remote.test', 'EVE5').deviceKeys as JsonObject);
    assert.deepEqual(devicesOf(await query(user, eve), eve), ['EVE1']);
  });

  test('an update that follows is applied, one that does not makes the list be fetched', async () => {
    const { user, eve } = await encounter('dora');
    const list = scripted.remote.users.get(eve);
    await query(user, eve);
    const asked = (): number => scripted.remote.requestsFor('getUserDevices').length;
    const before = asked();
    const second = new DeviceKeys(eve, 'EVE2').deviceKeys as JsonObject;
    const prev = list?.streamId ?? 0;
    await untilChanged(user, eve, () => sendEdus(scripted, update(eve, { prev_id: [prev], keys: second })));
    assert.deepEqual(devicesOf(await query(user, eve), eve), ['EVE1', 'EVE2']);
    assert.equal(asked(), before, 'it followed what was known');

    await sendEdus(scripted, update(eve, { stream_id: 49, prev_id: [48], deleted: true }));
    assert.deepEqual(devicesOf(await query(user, eve), eve), ['EVE1', 'EVE2'], 'it came too late');

    list?.setDevice('EVE3', new DeviceKeys(eve, 'EVE3').deviceKeys as JsonObject);
    await untilChanged(user, eve, () => sendEdus(scripted, update(eve, { stream_id: 70, prev_id: [60] })));
    assert.deepEqual(devicesOf(await query(user, eve), eve), ['EVE1', 'EVE3']);
  });

  test('updates about users of other servers are not taken (adv-046, adv-047)', async () => {
    const { user, eve } = await encounter('fay');
    const room = await sharedRoom(scripted, eve, user);
    const third = await bystanderIn(scripted, room, user);
    const thirdKeys = new DeviceKeys(third, 'THIRD').deviceKeys as JsonObject;
    scripted.bystander.users.get(third)?.setDevice('THIRD', thirdKeys);
    assert.deepEqual(devicesOf(await query(user, third), third), ['THIRD']);
    const since = (await user.sync()).text('next_batch');
    const victim = await scripted.server.register('victim');
    await uploadKeys(victim);
    const mallory = new CrossSigning(victim.id).upload;
    const { master_key, self_signing_key } = mallory as unknown as Record<string, JsonObject>;
    await sendEdus(
      scripted,
      update(victim.id, { device_id: victim.device, deleted: true }),
      update(third, { device_id: 'THIRD', deleted: true }),
      ['m.signing_key_update', { user_id: third }],
      [
        'm.signing_key_update',
        { user_id: victim.id, master_key: master_key ?? null, self_signing_key: self_signing_key ?? null },
      ],
      ['m.device_list_update', { user_id: eve }],
      ['m.device_list_update', { user_id: 7, device_id: [], stream_id: 'x' }],
    );
    const answer = await query(user, victim.id);
    assert.deepEqual(devicesOf(answer, victim.id), [victim.device]);
    assert.deepEqual(answer.get('master_keys'), {});
    assert.deepEqual(devicesOf(await query(user, third), third), ['THIRD']);
    const { changed } = listsIn((await user.sync({ since })).body);
    assert.ok(!changed.includes(victim.id) && !changed.includes(third), changed.join());
  });

  test('a change that was not told before the server stopped is told when it starts', async () => {
    const { user } = await encounter('hal');
    await uploadKeys(user);
    const { server, remote } = scripted;
    const updates = (): JsonObject[] =>
      remote.edus.flatMap(({ edu }) => {
        const content = asObject(edu['content']);
        return edu['edu_type'] === 'm.device_list_update' && content?.['user_id'] === user.id ? [content] : [];
      });
    const [told] = await remote.until(() => (updates().length > 0 ? updates() : undefined));
    assert.deepEqual([told?.['device_id'], asObject(told?.['keys'])?.['user_id']], [user.device, user.id]);
    const before = updates().length;
    // As if it had stopped just behind the change.
    const { store } = server.running.services.context;
    const position = await store.transact((one) => {
      one.keys.noteDeviceListChange(user.id as never);
      return one.position;
    });
    await server.restart();
    const update = await remote.until(() => updates()[before]);
    assert.deepEqual([update['stream_id'], update['prev_id']], [position, [position]]);
  });

  test('our answers are about our users only, and tell what everybody may see (adv-057)', async () => {
    const { user, eve } = await encounter('gil');
    await uploadKeys(user);
    await publishIdentity(user);
    await query(user, eve);
    const { remote, server } = scripted;
    const path = '/_matrix/federation/v1/user/keys/query';
    const body = { device_keys: { [user.id]: [], [eve]: [] } };
    const told = await remote.post(server.config.serverName, path, body);
    assert.deepEqual(Object.keys(told.get('device_keys') as object), [user.id]);
    assert.equal(told.get('user_signing_keys'), undefined);
    const devices = (name: string) => `/_matrix/federation/v1/user/devices/${encodeURIComponent(name)}`;
    const list = await remote.get(server.config.serverName, devices(user.id));
    const [device] = list.get('devices') as { device_id: string; device_display_name?: string }[];
    assert.deepEqual([device?.device_id, device?.device_display_name], [user.device, undefined]);
    for (const name of [eve, '@nobody:alpha.test']) {
      const answer = await remote.client.request({ destination: 'alpha.test', method: 'GET', uri: devices(name) });
      answer.expect(404, 'M_NOT_FOUND');
    }
  });
});

test('whatever a device uploads, other servers are told keys that are well formed (adv-027)', async () => {
  const { alice, bob } = await meeting();
  const values: JsonValue[] = [null, true, 7, 'text', [], {}, { a: null }];
  const device = new DeviceKeys(alice.id, alice.device).deviceKeys;
  for (const name of Object.keys(device)) {
    for (const value of values) {
      const uploaded = await alice.call('POST', v3`/keys/upload`, { device_keys: { ...device, [name]: value } });
      assert.ok([200, 400].includes(uploaded.status), `${name}: ${uploaded.status}`);
    }
  }
  for (const value of values) {
    const keys = { 'signed_curve25519:AAAAAQ': value };
    const uploaded = await alice.call('POST', v3`/keys/upload`, { one_time_keys: keys, fallback_keys: keys });
    assert.ok([200, 400].includes(uploaded.status), `${uploaded.status}`);
    const signed = await alice.call('POST', v3`/keys/device_signing/upload`, { master_key: value });
    assert.ok([200, 400, 401].includes(signed.status), `${signed.status}`);
  }
  // Bob's server keeps what it can check, and goes on hearing of changes.
  const told = await query(bob, alice.id);
  const devices = (told.get('device_keys') as Record<string, Record<string, JsonObject>>)[alice.id] ?? {};
  for (const keys of Object.values(devices)) {
    assert.deepEqual([keys['user_id'], typeof keys['keys'], typeof keys['signatures']], [alice.id, 'object', 'object']);
  }
  await untilChanged(bob, alice.id, () => publishIdentity(alice));
});
