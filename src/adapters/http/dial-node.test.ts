import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import { test } from 'node:test';
import { dnsOf } from '../../../test/harness/gate.ts';
import { TestAuthority } from '../../bench/remotes/certificates.ts';
import { systemClock } from '../clock/index.ts';
import { createOutgoing } from './index.ts';

/** What a server sees of a connection to a node. */
async function seenBy(serverName: string | undefined, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') {
  const { certificate, key } = new TestAuthority().issue({ names: ['elsewhere.test'] });
  const server = createServer({ cert: certificate, key, maxVersion });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { dialNode, http } = createOutgoing({
    clock: systemClock,
    dns: dnsOf({}),
    hosts: {},
    denyRanges: ['127.0.0.0/8'],
    extraCa: [],
    proxy: null,
    userAgent: 'test',
  });
  try {
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket & { servername: string | false }]>;
    accepted.catch(() => undefined);
    const limit = new AbortController();
    const socket = await dialNode([{ host: '127.0.0.1', port }], serverName, limit.signal);
    const [other] = await accepted;
    const seen = { name: other.servername, protocol: socket.getProtocol(), same: exported(socket) === exported(other) };
    socket.destroy();
    other.destroy();
    return seen;
  } finally {
    server.close();
    await http.close();
  }
}

function exported(socket: TLSSocket): string {
  return socket.exportKeyingMaterial(32, 'EXPORTER-test', Buffer.alloc(0)).toString('hex');
}

test('a connection to a node names nobody, whatever the certificate, and both sides export the same', async () => {
  assert.deepEqual(await seenBy(undefined), { name: false, protocol: 'TLSv1.3', same: true });
});

test('it asks for a name of the owner where there is one', async () => {
  assert.deepEqual(await seenBy('shop.example'), { name: 'shop.example', protocol: 'TLSv1.3', same: true });
});

test('it is none over an older TLS', async () => {
  await assert.rejects(seenBy(undefined, 'TLSv1.2'), { name: 'OperationError', kind: 'not authenticated' });
});
