import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passwordAuth, useServer, v3 } from '../../harness/index.ts';

const server = useServer();

test('getDevices, getDevice, updateDevice: list, read and name them', async () => {
  const alice = await server.register('alice');
  const phone = await alice.login({ initial_device_display_name: 'Phone' });
  const devices = (await alice.ok('GET', v3`/devices`)).list('devices');
  assert.deepEqual(devices.map((one) => String(one['device_id'])).toSorted(), [alice.device, phone.device].toSorted());
  assert.equal((await alice.ok('GET', v3`/devices/${phone.device}`)).text('display_name'), 'Phone');
  await alice.ok('PUT', v3`/devices/${phone.device}`, { display_name: 'Old phone' });
  assert.equal((await alice.ok('GET', v3`/devices/${phone.device}`)).text('display_name'), 'Old phone');
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/devices/none`);
  await alice.fails('404 M_NOT_FOUND', 'PUT', v3`/devices/none`, { display_name: 'x' });
  const long = await alice.call('PUT', v3`/devices/${phone.device}`, { display_name: 'x'.repeat(101) });
  assert.equal(long.status, 400);
});

test('getDevice, updateDevice, deleteDevice: those of others do not exist', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  await alice.fails('404 M_NOT_FOUND', 'GET', v3`/devices/${bob.device}`);
  await alice.fails('404 M_NOT_FOUND', 'PUT', v3`/devices/${bob.device}`, { display_name: 'mine' });
  await alice.call('DELETE', v3`/devices/${bob.device}`, { auth: passwordAuth(alice) });
  await bob.ok('GET', v3`/account/whoami`);
});

test('deleteDevice: asks for the password and ends the session', async () => {
  const alice = await server.register('alice');
  const other = await alice.login();
  const challenge = (await alice.call('DELETE', v3`/devices/${other.device}`, {})).expect(401);
  await other.ok('GET', v3`/account/whoami`);
  const auth = passwordAuth(alice, challenge.text('session'));
  await alice.ok('DELETE', v3`/devices/${other.device}`, { auth });
  await other.fails('401 M_UNKNOWN_TOKEN', 'GET', v3`/account/whoami`);
  assert.equal((await alice.ok('GET', v3`/devices`)).list('devices').length, 1);
});

test('deleteDevices: several at once; a session confirms only what it was opened for', async () => {
  const alice = await server.register('alice');
  const [one, two] = [await alice.login(), await alice.login()];
  const challenge = (await alice.call('POST', v3`/delete_devices`, { devices: [one.device] })).expect(401);
  const auth = passwordAuth(alice, challenge.text('session'));
  (await alice.call('POST', v3`/delete_devices`, { devices: [one.device, two.device], auth })).expect(401);
  await alice.ok('POST', v3`/delete_devices`, { devices: [one.device, two.device], auth: passwordAuth(alice) });
  for (const gone of [one, two]) await gone.fails('401 M_UNKNOWN_TOKEN', 'GET', v3`/account/whoami`);
  await alice.fails('400 M_BAD_JSON', 'POST', v3`/delete_devices`, { devices: 'x' });
});
