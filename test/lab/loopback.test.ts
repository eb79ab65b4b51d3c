/** Back-end L: no packets, the same censors, the same questions. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:tls';
import { LoopbackLab } from '../../src/lab/loopback/loopback-lab.ts';
import { HOSTS } from '../../src/lab/network/topology.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/tls.ts';

const skip = process.platform === 'linux' ? false : 'only Linux has all of 127.0.0.0/8';
const lab = new LoopbackLab(HOSTS);
const PORT = 28_448;
let server: Server;

before(async () => {
  if (skip !== false) return;
  server = createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => socket.write(`${data.length}`));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(PORT, lab.host('abroad').listenAddress, resolve));
  await lab.publish('abroad', PORT);
});

after(async () => {
  await lab.close();
  server?.close();
});

function say(serverName: string | undefined, waitMs = 1_500) {
  return lab.host('alice').say({
    address: lab.host('abroad').addressFrom('alice'),
    port: PORT,
    bytes: Buffer.from('seven b'),
    waitMs,
    tls: { serverName },
  });
}

test('a connection takes as long as its line', { skip }, async () => {
  const { end, openMs = 0, bytes } = await say('alpha.test');
  assert.equal(end, 'open');
  assert.equal(Buffer.from(bytes).toString(), '7');
  assert.ok(openMs >= 400 && openMs < 1_000, `${openMs} ms`);
  const { traffic } = await lab.count();
  assert.ok((traffic.get('abroad')?.sentBytes ?? 0) > 500);
});

test('a forbidden name is reset, another is not', { skip }, async () => {
  await lab.setCensor('test', { kind: 'sni', names: ['alpha.test'], action: 'rst', residualMs: 0 });
  assert.match((await say('alpha.test')).end, /^(?:reset|closed)$/);
  assert.equal((await say('beta.test')).end, 'open');
  assert.equal(lab.events.at(-1)?.reason, 'sni alpha.test');
  await lab.setCensor('test', undefined);
});

test('what is dropped is silent, and so is a border that is cut', { skip }, async () => {
  await lab.setCensor('test', { kind: 'ip', cidrs: ['203.0.113.0/24'], direction: 'both' });
  assert.equal((await say('alpha.test', 700)).end, 'timeout');
  await lab.setCensor('test', undefined);
  await lab.setBorder('cut');
  assert.equal((await say('alpha.test', 700)).end, 'timeout');
  await lab.setBorder('calm');
});

test('a question is answered twice, and a resolver believes the first answer', { skip }, async () => {
  const zone = [{ name: 'chat.test', addresses: ['203.0.113.20', '2001:db8:2::14'] }];
  await lab.host('dns').nameServer({ zone, forward: [], ttlSeconds: 60 });
  const forward = [{ below: '', address: '203.0.113.53' }];
  await lab.host('resolver').nameServer({ zone: [], forward, ttlSeconds: 60 });
  lab.host('alice').resolvConf('nameserver 198.51.100.12\n');
  assert.deepEqual(
    [...lab.namesFor('alice', [{ name: 'chat.test', port: 443 }])],
    [['chat.test:443', `${lab.host('abroad').addressFrom('alice')}:20443`]],
  );
  await lab.setCensor('test', { kind: 'dns', names: ['chat.test'], answers: ['192.0.2.66'] });
  const { answers } = await lab.host('alice').resolve('chat.test', '203.0.113.53', 300);
  assert.deepEqual(
    answers.map((one) => [one.addresses[0], one.isTrue]),
    [
      ['192.0.2.66', false],
      ['203.0.113.20', true],
    ],
  );
  assert.equal(lab.lookUp('alice', 'chat.test'), '192.0.2.66');
  await lab.setCensor('test', undefined);
});
