import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import tls from 'node:tls';
import { TEST_CA, TEST_CERTIFICATE, TEST_KEY } from './tls.ts';

suite('certificates of the tests', () => {
  const server = https.createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (_, response) => response.end());
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  async function connect(servername: string, options: tls.ConnectionOptions): Promise<void> {
    const { port } = server.address() as AddressInfo;
    const socket = tls.connect({ host: '127.0.0.1', port, servername, ...options });
    try {
      await once(socket, 'secureConnect');
    } finally {
      socket.destroy();
    }
  }

  for (const name of ['localhost', 'remote.test', 'synapse.test', 'any.hosts.test']) {
    test(`are valid for ${name}`, () => connect(name, { ca: TEST_CA }));
  }

  test('are not valid for another name', async () => {
    await assert.rejects(connect('unknown.test', { ca: TEST_CA }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('are not valid without their authority', async () => {
    await assert.rejects(connect('remote.test', {}), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });
});
