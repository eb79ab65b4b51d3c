/** Synapse and our signed requests: keys both ways, and whom Synapse takes us for. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { JsonObject } from '../../../src/matrix/json.ts';
import { RemoteError } from '../../../src/server/peers/index.ts';
import { TestServer } from '../../harness/index.ts';
import { serverName } from '../../harness/peers.ts';
import { closedPort } from '../../harness/places.ts';
import { tlsFile } from '../../harness/tls.ts';
import { Synapse } from './synapse.ts';

suite('requests between Postern and Synapse', () => {
  let synapse: Synapse;
  let postern: TestServer;

  before(async () => {
    synapse = await Synapse.start();
    const port = await closedPort();
    const tls = { certificate: tlsFile('server.pem'), key: tlsFile('server.key') };
    postern = new TestServer({
      config: {
        serverName: `localhost:${port}`,
        listeners: [
          { address: '127.0.0.1', port: 0, apis: ['client'] },
          { address: '127.0.0.1', port, apis: ['federation', 'keys'], tls },
        ],
        network: { hosts: { localhost: '127.0.0.1' }, extraCa: [tlsFile('ca.pem')] },
      },
    });
    await postern.start();
  });
  after(async () => {
    await postern.finish();
    await synapse.stop();
  });

  test('Synapse knows us by our signature, with and without a body', async () => {
    const { peers } = postern.running.services;
    const { user_id: user } = await synapse.register('alice', 'password of alice');
    const profile = await peers.request(serverName(synapse.name), {
      method: 'GET',
      path: `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(user)}&field=displayname`,
    });
    assert.equal(profile['displayname'], 'alice');
    const keys = await peers.request(serverName(synapse.name), {
      method: 'POST',
      path: '/_matrix/federation/v1/user/keys/query',
      body: { device_keys: { [user]: [] } },
    });
    assert.ok('device_keys' in keys);
  });

  test('an error of Synapse is told with its status and code', async () => {
    const path = '/_matrix/federation/v1/event/%24unknown';
    const asked = postern.running.services.peers.request(serverName(synapse.name), { method: 'GET', path });
    await assert.rejects(asked, (error) => error instanceof RemoteError && error.status === 404 && !error.temporary);
  });

  test('its keys are found by us, and ours by it as a notary', async () => {
    const { peers } = postern.running.services;
    const find = await peers.ensureKeys([{ server: serverName(synapse.name), keyIds: ['ed25519:a_test'] }]);
    assert.equal(find(serverName(synapse.name), 'ed25519:a_test')?.publicKey.length, 32);
    const own = postern.running.services.context.serverName;
    const answer = await peers.request(serverName(synapse.name), {
      method: 'GET',
      path: `/_matrix/key/v2/query/${encodeURIComponent(own)}`,
      isUnsigned: true,
    });
    const [keys] = answer['server_keys'] as JsonObject[];
    assert.equal(keys?.['server_name'], own);
    assert.deepEqual(new Set(Object.keys(keys['signatures'] as JsonObject)), new Set([own, synapse.name]));
  });
});
