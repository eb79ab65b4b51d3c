/** A relay alone, and what its clients do. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { createMetrics } from '../../src/adapters/metrics/index.ts';
import { TestAuthority } from '../../src/bench/remotes/certificates.ts';
import { Relay, type RelayOptions } from '../../src/deploy/relay/front.ts';
import { answerAsSite } from '../../src/deploy/relay/site.ts';
import type { Log } from '../../src/ports/log.ts';
import { tlsFile } from '../harness/tls.ts';

/** The name of the server; its certificate is nowhere but there. */
export const NAME = 'alpha.test';
/** What the site shows. */
const authority = new TestAuthority();
const sitePair = authority.issue({ names: ['home.test'] });
const trusted = [readFileSync(tlsFile('ca.pem'), 'utf8'), authority.certificate];
export const quiet: Log = { child: () => quiet, debug() {}, info() {}, warn() {}, error() {} };

/** A relay alone, with a site that has a certificate of its own and a server that the test is. */
export async function withFront(
  options: Partial<RelayOptions>,
  use: (port: number, relay: Relay) => Promise<void>,
): Promise<void> {
  const relay = await Relay.start({
    address: '127.0.0.1',
    port: 0,
    names: new Set([NAME]),
    site: { current: sitePair, onRenewed() {} },
    limits: { connections: 100, connectionsPerAddress: 100, bytesPerSecond: 0 },
    clock: systemClock,
    log: quiet,
    metrics: createMetrics({ process: false }),
    answer: answerAsSite,
    open: async () => {
      throw new Error('no server');
    },
    ...options,
  });
  try {
    await use(relay.port, relay);
  } finally {
    await relay.close();
  }
}

export async function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: NAME, ca: trusted, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

export async function get(socket: TLSSocket, path: string, headers: Record<string, string> = {}) {
  const call = request({ createConnection: () => socket, path, headers: { Host: NAME, ...headers } }).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

export function nameOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.subjectAltName;
}

/** Everything that comes back, until the other side ends; a reset rejects. */
export async function answerTo(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(bytes);
  const answer = await text(socket);
  socket.destroy();
  return answer;
}

export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The first bytes that a client with this name sends. */
export async function helloOf(servername: string): Promise<Buffer> {
  const server = createServer();
  const port = await listening(server);
  const client = connectTls({ host: '127.0.0.1', port, servername });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [first] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return first;
}
