import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceKeys, type Dict, dig, useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();
const PATH = '/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device';

function dehydrated(user: User, device: string): Dict {
  const keys = new DeviceKeys(user.id, device);
  return {
    device_id: device,
    device_data: { algorithm: 'org.matrix.msc3814.v2', device_pickle: 'x' },
    device_keys: keys.deviceKeys,
    one_time_keys: keys.keys(['1', '2']),
    fallback_keys: keys.keys(['f'], { fallback: true }),
  };
}

test('putDehydratedDevice, getDehydratedDevice, deleteDehydratedDevice: as specified', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  await alice.fails('404 M_NOT_FOUND', 'GET', PATH);
  assert.equal((await alice.ok('PUT', PATH, dehydrated(alice, 'DEHYDRATED'))).text('device_id'), 'DEHYDRATED');
  const kept = await alice.ok('GET', PATH);
  assert.equal(kept.text('device_data', 'algorithm'), 'org.matrix.msc3814.v2');
  const devices = (await alice.ok('GET', v3`/devices`)).list('devices').map((one) => one['device_id']);
  assert.deepEqual(devices, [alice.device], 'it cannot log in, so it is not listed');
  const keys = await bob.ok('POST', v3`/keys/query`, { device_keys: { [alice.id]: [] } });
  assert.ok(keys.get('device_keys', alice.id, 'DEHYDRATED') !== undefined, 'others encrypt to it');
  await alice.ok('PUT', PATH, dehydrated(alice, 'NEWER'));
  assert.equal((await alice.ok('GET', PATH)).text('device_id'), 'NEWER');
  await bob.fails('404 M_NOT_FOUND', 'GET', PATH);
  assert.equal((await alice.ok('DELETE', PATH)).text('device_id'), 'NEWER');
  await alice.fails('404 M_NOT_FOUND', 'GET', PATH);
  await alice.fails('404 M_NOT_FOUND', 'DELETE', PATH);
});

test('getDehydratedDeviceEvents: page by page, for the owner', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  await alice.ok('PUT', PATH, dehydrated(alice, 'DEHYDRATED'));
  for (let n = 0; n < 3; n += 1) {
    const messages = { [alice.id]: { DEHYDRATED: { n } } };
    await bob.ok('PUT', v3`/sendToDevice/org.example.key/${`m${n}`}`, { messages });
  }
  const first = await alice.ok('POST', `${PATH}/DEHYDRATED/events`, {});
  assert.deepEqual(
    first.list('events').map((one) => dig(one, 'content', 'n')),
    [0, 1, 2],
  );
  const next = await alice.ok('POST', `${PATH}/DEHYDRATED/events`, { next_batch: first.text('next_batch') });
  assert.deepEqual(next.list('events'), []);
  const foreign = await bob.call('POST', `${PATH}/DEHYDRATED/events`, {});
  assert.ok([403, 404].includes(foreign.status));
});

test('putDehydratedDevice: refuses what is incomplete', async () => {
  const alice = await server.register('alice');
  const whole = dehydrated(alice, 'DEHYDRATED');
  for (const name of ['device_id', 'device_data', 'device_keys']) {
    const { [name]: _, ...rest } = whole;
    assert.equal((await alice.call('PUT', PATH, rest)).status, 400, name);
  }
  const other = { ...whole, device_keys: new DeviceKeys(alice.id, 'OTHER').deviceKeys };
  assert.ok([400, 403].includes((await alice.call('PUT', PATH, other)).status));
});
