import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrossSigning, DeviceKeys, dig, passwordAuth, uploadKeys, useServer, v3 } from '../../harness/index.ts';

const server = useServer();

test('uploadKeys, queryKeys: what one device uploads others find', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const keys = await uploadKeys(alice, ['a', 'b']);
  await alice.ok('PUT', v3`/devices/${alice.device}`, { display_name: 'Phone' });
  const found = await bob.ok('POST', v3`/keys/query`, { device_keys: { [alice.id]: [] } });
  const device = found.object('device_keys', alice.id, alice.device);
  const { unsigned, ...signed } = device;
  assert.deepEqual(signed, keys.deviceKeys);
  assert.deepEqual(unsigned, { device_display_name: 'Phone' });
  const some = await bob.ok('POST', v3`/keys/query`, {
    device_keys: { [alice.id]: ['OTHER'], '@none:test.example': [] },
  });
  assert.equal(some.get('device_keys', alice.id, alice.device), undefined);
});

test('uploadKeys: counts; the same key again is nothing, another under its id an error', async () => {
  const alice = await server.register('alice');
  const keys = new DeviceKeys(alice.id, alice.device);
  const oneTime = keys.keys(['a', 'b', 'c']);
  const upload = async (more: object) => await alice.call('POST', v3`/keys/upload`, more);
  const first = (await upload({ one_time_keys: oneTime })).expect(200);
  assert.equal(first.number('one_time_key_counts', 'signed_curve25519'), 3);
  assert.equal(
    (await upload({ one_time_keys: oneTime })).expect(200).number('one_time_key_counts', 'signed_curve25519'),
    3,
  );
  assert.equal((await upload({ one_time_keys: keys.keys(['a']) })).status, 400);
  assert.equal((await upload({})).expect(200).number('one_time_key_counts', 'signed_curve25519'), 3);
});

test('uploadKeys: device keys of another user or device are refused', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  for (const keys of [new DeviceKeys(bob.id, alice.device), new DeviceKeys(alice.id, 'OTHER')]) {
    const answer = await alice.call('POST', v3`/keys/upload`, { device_keys: keys.deviceKeys });
    assert.ok([400, 403].includes(answer.status), String(answer.status));
  }
});

test('claimKeys: each key once, also at the same moment; then the fallback key', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const keys = await uploadKeys(
    alice,
    Array.from({ length: 10 }, (_, index) => `k${index}`),
  );
  const fallback = keys.keys(['fb'], { fallback: true });
  await alice.ok('POST', v3`/keys/upload`, { fallback_keys: fallback });
  const body = { one_time_keys: { [alice.id]: { [alice.device]: 'signed_curve25519' } } };
  const claim = async (): Promise<string> => {
    const answer = await bob.ok('POST', v3`/keys/claim`, body);
    return Object.keys(answer.object('one_time_keys', alice.id, alice.device))[0] ?? '';
  };
  const claimed = await Promise.all(Array.from({ length: 10 }, claim));
  assert.equal(new Set(claimed).size, 10);
  assert.equal(await claim(), 'signed_curve25519:fb');
  assert.equal(await claim(), 'signed_curve25519:fb');
  const sync = await alice.sync();
  assert.equal(sync.number('device_one_time_keys_count', 'signed_curve25519'), 0);
  assert.deepEqual(sync.get('device_unused_fallback_key_types'), []);
});

test('claimKeys: unknown users and devices are left out', async () => {
  const alice = await server.register('alice');
  const wanted = { [alice.id]: { NONE: 'signed_curve25519' }, '@none:test.example': { X: 'signed_curve25519' } };
  const answer = await alice.ok('POST', v3`/keys/claim`, { one_time_keys: wanted });
  assert.equal(answer.get('one_time_keys', alice.id, 'NONE'), undefined);
});

test('uploadCrossSigningKeys: at first without, later with confirmation; visible in queryKeys', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const first = new CrossSigning(alice.id);
  await alice.ok('POST', v3`/keys/device_signing/upload`, first.upload);
  await alice.ok('POST', v3`/keys/device_signing/upload`, first.upload);
  const second = new CrossSigning(alice.id);
  (await alice.call('POST', v3`/keys/device_signing/upload`, second.upload)).expect(401);
  const query = { device_keys: { [alice.id]: [] } };
  const own = await alice.ok('POST', v3`/keys/query`, query);
  assert.deepEqual(own.get('master_keys', alice.id, 'keys'), first.upload.master_key['keys']);
  assert.deepEqual(own.get('user_signing_keys', alice.id), first.upload.user_signing_key);
  const others = await bob.ok('POST', v3`/keys/query`, query);
  assert.deepEqual(others.get('self_signing_keys', alice.id), first.upload.self_signing_key);
  assert.equal(others.get('user_signing_keys', alice.id), undefined, 'user-signing keys are private');
  await alice.ok('POST', v3`/keys/device_signing/upload`, { ...second.upload, auth: passwordAuth(alice) });
});

test('uploadCrossSigningKeys: keys of others, with wrong usage or unsigned', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const his = new CrossSigning(bob.id).upload;
  const mine = new CrossSigning(alice.id).upload;
  const foreign = { ...new CrossSigning(alice.id).upload.self_signing_key };
  const bad = [
    his,
    { ...mine, self_signing_key: foreign },
    { master_key: { ...mine.master_key, usage: ['self_signing'] } },
    { self_signing_key: mine.self_signing_key },
  ];
  for (const body of bad) {
    const answer = await alice.call('POST', v3`/keys/device_signing/upload`, body);
    assert.ok(
      answer.status === 400 || answer.status === 403,
      `${answer.status} for ${JSON.stringify(body).slice(0, 90)}`,
    );
  }
});

test('uploadCrossSigningSignatures: a signature on ones own device is seen by others', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const keys = await uploadKeys(alice);
  const cross = new CrossSigning(alice.id);
  await alice.ok('POST', v3`/keys/device_signing/upload`, cross.upload);
  const signed = cross.selfSigning.sign(keys.deviceKeys, alice.id, cross.selfSigning.publicKey);
  const answer = await alice.ok('POST', v3`/keys/signatures/upload`, { [alice.id]: { [alice.device]: signed } });
  assert.deepEqual(answer.get('failures') ?? {}, {});
  const seen = await bob.ok('POST', v3`/keys/query`, { device_keys: { [alice.id]: [] } });
  const signatures = seen.object('device_keys', alice.id, alice.device, 'signatures', alice.id);
  assert.deepEqual(
    Object.keys(signatures).toSorted(),
    [`ed25519:${alice.device}`, `ed25519:${cross.selfSigning.publicKey}`].toSorted(),
  );
});

test('uploadCrossSigningSignatures: wrong ones are reported, signatures of users only for oneself', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const keys = await uploadKeys(alice);
  const cross = new CrossSigning(alice.id);
  await alice.ok('POST', v3`/keys/device_signing/upload`, cross.upload);
  const his = new CrossSigning(bob.id);
  await bob.ok('POST', v3`/keys/device_signing/upload`, his.upload);
  const signed = cross.selfSigning.sign({ ...keys.deviceKeys, algorithms: [] }, alice.id, cross.selfSigning.publicKey);
  const wrong = await alice.ok('POST', v3`/keys/signatures/upload`, { [alice.id]: { [alice.device]: signed } });
  assert.equal(typeof dig(wrong.body, 'failures', alice.id, alice.device, 'errcode'), 'string');
  const master = cross.userSigning.sign(his.upload.master_key, alice.id, cross.userSigning.publicKey);
  await alice.ok('POST', v3`/keys/signatures/upload`, { [bob.id]: { [his.master.publicKey]: master } });
  const query = { device_keys: { [bob.id]: [] } };
  const mine = await alice.ok('POST', v3`/keys/query`, query);
  assert.ok(mine.get('master_keys', bob.id, 'signatures', alice.id) !== undefined);
  const carol = await server.register('carol');
  const hers = await carol.ok('POST', v3`/keys/query`, query);
  assert.equal(hers.get('master_keys', bob.id, 'signatures', alice.id), undefined, 'others do not see whom she trusts');
});

test('getKeysChanges: who has changed between two syncs', async () => {
  const [alice, bob, carol] = await server.users('alice', 'bob', 'carol');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  const from = (await alice.sync()).text('next_batch');
  await uploadKeys(bob);
  await uploadKeys(carol);
  const to = (await alice.sync()).text('next_batch');
  const changes = await alice.ok('GET', `${v3`/keys/changes`}?from=${from}&to=${to}`);
  assert.deepEqual(
    changes.texts('changed').filter((one) => one !== alice.id),
    [bob.id],
  );
  await alice.fails('400 M_MISSING_PARAM', 'GET', v3`/keys/changes`);
});

test('uploadCrossSigningSignatures: the other devices of who signs learn of it, and nobody else does', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  await alice.bring(await alice.createRoom(), bob);
  const [cross, his] = [new CrossSigning(alice.id), new CrossSigning(bob.id)];
  await alice.ok('POST', v3`/keys/device_signing/upload`, cross.upload);
  await bob.ok('POST', v3`/keys/device_signing/upload`, his.upload);
  const laptop = await alice.login();
  const [hers, theirs] = [(await laptop.sync()).text('next_batch'), (await bob.sync()).text('next_batch')];
  const waiting = laptop.sync({ since: hers, timeout: '20000', filter: '{"presence":{"types":[]}}' });
  const master = cross.userSigning.sign(his.upload.master_key, alice.id, cross.userSigning.publicKey);
  await alice.ok('POST', v3`/keys/signatures/upload`, { [bob.id]: { [his.master.publicKey]: master } });
  assert.deepEqual((await waiting).texts('device_lists', 'changed'), [bob.id]);
  assert.equal((await bob.sync({ since: theirs })).get('device_lists'), undefined);
});
