import assert from 'node:assert/strict';
import { request } from 'node:https';
import { test } from 'node:test';
import { TEST_CA } from './tls.ts';
import { TestNetwork, useServers } from './network.ts';

const [alpha, beta] = useServers(['alpha.test', 'beta.test']);

/** The status of an answer of the federation listener of a server, asked as another server would. */
function ask(host: string, name: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, servername: name, port: 8448, path: '/health', ca: TEST_CA }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

test('each server listens for others under its own name at its own address', async () => {
  for (const server of [alpha, beta]) {
    const { listeners, network, serverName } = server.config;
    const address = listeners[1]?.address ?? '';
    assert.equal(network.hosts[serverName], address);
    assert.equal(await ask(address, serverName), 200);
    await assert.rejects(ask(address, 'unknown.example'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  }
  assert.notEqual(alpha.config.listeners[1]?.address, beta.config.listeners[1]?.address);
  assert.deepEqual(alpha.config.network.hosts, beta.config.network.hosts);
});

test('what a test says is laid over what the network says', () => {
  const network = new TestNetwork();
  network.addressOf('beta.test');
  network.route('remote.test', '127.0.0.1:4444');
  const config = network.configOf('alpha.test', { federation: { allow: [] }, presence: { enabled: false } });
  assert.deepEqual(config['federation'], { overrides: { 'remote.test': { connect: ['127.0.0.1:4444'] } }, allow: [] });
  assert.deepEqual(config['presence'], { enabled: false });
});
