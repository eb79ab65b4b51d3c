/** The front on a home line: its own names go to the server, everything else finds a site. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { decode, encode } from 'dns-packet';
import { FakeClock } from '../../src/adapters/clock/fake-clock.ts';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { createMetrics } from '../../src/adapters/metrics/index.ts';
import { TestAuthority } from '../../src/bench/remotes/certificates.ts';
import { type RunningRelay, startRelay } from '../../src/cli/compose/relay.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import { Relay, type RelayOptions } from '../../src/deploy/relay/front.ts';
import { Rate } from '../../src/deploy/relay/rate.ts';
import { answerAsSite } from '../../src/deploy/relay/site.ts';
import type { Log } from '../../src/ports/log.ts';
import { TestNetwork } from '../harness/network.ts';
import type { TestServer } from '../harness/server.ts';
import { tlsFile } from '../harness/tls.ts';

const RELAY = {
  key: 'ed25519 home AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  public: 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg',
};
const CLOUD = {
  key: 'ed25519 cloud ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8',
  public: 'ed25519:Kay64UG8yvCyLhqU000LxzYeUm0L/hLIl5S8kyKWbdc',
};
/** The name of the server; its certificate is nowhere but there. */
const NAME = 'alpha.test';
const tls = { certificate: tlsFile('server.pem'), key: tlsFile('server.key') };
/** What the site shows. */
const authority = new TestAuthority();
const sitePair = authority.issue({ names: ['home.test'] });
const trusted = [readFileSync(tlsFile('ca.pem'), 'utf8'), authority.certificate];
const quiet: Log = { child: () => quiet, debug() {}, info() {}, warn() {}, error() {} };

const network = new TestNetwork();
const scene = {} as { server: TestServer; linked: RunningRelay; direct: RunningRelay };

before(async () => {
  scene.server = network.server(NAME, {
    config: {
      listeners: [
        { address: '127.0.0.1', port: 0, apis: ['client', 'media'] },
        { address: '127.0.0.1', port: 0, apis: ['client', 'media', 'link', 'dns'], tls },
      ],
      dns: { zone: NAME, records: [{ name: NAME, type: 'A', value: '192.0.2.7' }] },
      links: { key: CLOUD.key, peers: { front: { key: RELAY.public, carries: ['client'] } } },
    },
  });
  await scene.server.start();
  const [, port] = scene.server.running.listeners.ports;
  scene.linked = await startOne({ to: 'link:cloud', dial: [`127.0.0.1:${port}`] });
  scene.direct = await startOne({ to: `127.0.0.1:${port}`, dial: ['127.0.0.1:1'] });
});

after(async () => {
  await scene.linked.close();
  await scene.direct.close();
  await scene.server.finish();
});

/** A relay as the command starts it. */
async function startOne({ to, dial }: { to: string; dial: string[] }): Promise<RunningRelay> {
  const value = {
    links: { key: RELAY.key, peers: { cloud: { key: CLOUD.public, dial } } },
    relay: { address: '127.0.0.1', port: 0, names: ['Alpha.test'], to, site: tls },
  };
  const config = checkConfig([{ place: () => 'test', value }]);
  return await startRelay({ config, baseDir: '/', dataDir: '/', environment: {}, version: 'test', log: quiet });
}

/** A relay alone, with a site that has a certificate of its own and a server that the test is. */
async function withFront(
  options: Partial<RelayOptions>,
  use: (port: number, relay: Relay) => Promise<void>,
): Promise<void> {
  const relay = await Relay.start({
    address: '127.0.0.1',
    port: 0,
    names: new Set([NAME]),
    site: { certificate: sitePair.certificate, key: sitePair.key },
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

async function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: NAME, ca: trusted, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

async function get(socket: TLSSocket, path: string, headers: Record<string, string> = {}) {
  const call = request({ createConnection: () => socket, path, headers: { Host: NAME, ...headers } }).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

function nameOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.subjectAltName;
}

/** Everything that comes back, until the other side ends; a reset rejects. */
async function answerTo(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(bytes);
  const answer = await text(socket);
  socket.destroy();
  return answer;
}

describe('a relay passes its own names on', () => {
  for (const way of ['linked', 'direct'] as const) {
    test(`untouched, to the server that has the certificate (${way})`, async () => {
      const socket = await secure(scene[way].port);
      assert.ok(socket.authorized);
      assert.match(nameOf(socket) ?? '', /alpha\.test/);
      const { status, body } = await get(socket, '/_matrix/client/versions');
      assert.equal(status, 200);
      assert.match(body, /"v1\.1\d"/);
    });
  }

  test('so that an account is made and written with through it', async () => {
    const socket = await secure(scene.linked.port);
    const body = JSON.stringify({ username: 'guest', password: 'a long password', auth: { type: 'm.login.dummy' } });
    const call = request({
      createConnection: () => socket,
      method: 'POST',
      path: '/_matrix/client/v3/register',
      headers: { Host: NAME, 'Content-Type': 'application/json' },
    }).end(body);
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    assert.match(await text(response), /@guest:alpha\.test/);
  });

  test('and the private zone of the server is asked through it', async () => {
    const question = encode({ type: 'query', questions: [{ name: NAME, type: 'A' }] }).toString('base64url');
    const socket = await secure(scene.linked.port);
    const target = { path: `/dns?dns=${question}`, headers: { Host: NAME } };
    const call = request({ createConnection: () => socket, ...target }).end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    const [record] = decode(await buffer(response)).answers ?? [];
    assert.equal(record?.type === 'A' ? record.data : undefined, '192.0.2.7');
  });

  test('with a long hello', async () => {
    const ALPNProtocols = ['http/1.1', ...Array.from({ length: 40 }, (_, index) => 'x'.repeat(200 + index))];
    const socket = await secure(scene.linked.port, { ALPNProtocols });
    assert.equal((await get(socket, '/_matrix/client/versions')).status, 200);
  });

  test('whose hello comes byte by byte', async () => {
    const recorded: Buffer[] = [];
    await withFront(
      {
        open: async () => {
          const upstream = connect({ host: '127.0.0.1', port: scene.server.running.listeners.ports[1] ?? 0 });
          upstream.once('data', (chunk) => recorded.push(chunk));
          return upstream;
        },
      },
      async (port) => {
        const hello = await helloOf(NAME);
        const socket = connect({ host: '127.0.0.1', port, noDelay: true });
        for (const byte of hello) {
          socket.write(Buffer.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
        await once(socket, 'data');
        socket.destroy();
      },
    );
    // The first record of a server's answer.
    assert.equal(recorded[0]?.[0], 0x16);
  });

  test('and large answers whole, at the pace of their reader', async () => {
    const bytes = Buffer.alloc(5_000_000, 'what is passed on, ');
    await withUpstream(bytes, async (port) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.write(await helloOf(NAME));
      await once(socket, 'data');
      socket.pause();
      await new Promise((resolve) => setImmediate(resolve));
      const rest: Buffer[] = [];
      for await (const chunk of socket) rest.push(chunk as Buffer);
      assert.ok(Buffer.concat(rest).length > 4_900_000);
    });
  });
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A server that answers anything with `bytes` behind the front. */
async function withUpstream(bytes: Buffer, use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes));
  });
  const port = await listening(server);
  try {
    await withFront({ open: async () => connect({ host: '127.0.0.1', port }) }, use);
  } finally {
    server.close();
  }
}

/** The first bytes that a client with this name sends. */
async function helloOf(servername: string): Promise<Buffer> {
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

describe('everybody else finds the site', () => {
  const others: readonly (readonly [string, ConnectionOptions])[] = [
    ['with another name', { servername: 'other.test' }],
    ['with a name below ours', { servername: `x.${NAME}` }],
    ['without a name', { servername: '' }],
    ['with its own name', { servername: 'home.test' }],
  ];
  for (const [name, options] of others) {
    test(name, async () => {
      await withFront({}, async (port) => {
        const socket = await secure(port, { ...options, rejectUnauthorized: false });
        assert.match(nameOf(socket) ?? '', /home\.test/);
        assert.deepEqual(await get(socket, '/'), {
          status: 200,
          body: '<!doctype html><html><head><title>It works</title></head><body><h1>It works</h1></body></html>\n',
        });
      });
    });
  }

  test('and no API on it, nor a proxy', async () => {
    await withFront({}, async (port) => {
      const open = () => secure(port, { servername: 'home.test' });
      for (const path of ['/_matrix/client/versions', '/link', 'http://example.org/', '/..', '/%00']) {
        assert.equal((await get(await open(), path)).status, 404, path);
      }
      const socket = await open();
      socket.write('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n');
      assert.match(await text(socket), /^HTTP\/1\.1 405 /);
    });
  });

  test('also for our names where the server is not there', async () => {
    await withFront({}, async (port) => {
      const socket = await secure(port, { rejectUnauthorized: false });
      assert.match(nameOf(socket) ?? '', /home\.test/);
      assert.equal((await get(socket, '/')).status, 200);
    });
  });

  test('plain HTTP is told that this is none', async () => {
    await withFront({}, async (port) => {
      const answer = await answerTo(port, 'GET / HTTP/1.1\r\nHost: home.test\r\n\r\n');
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.match(answer, /plain HTTP request was sent to HTTPS port/);
    });
  });

  const nonsense: readonly (readonly [string, Buffer])[] = [
    ['zeros', Buffer.alloc(300)],
    ['noise', Buffer.from(Array.from({ length: 400 }, (_, index) => (index * 197 + 31) % 256))],
    ['a record of another kind', Buffer.from('1703030005aabbccddee', 'hex')],
    ['a hello of no length', Buffer.from('160301000401000000', 'hex')],
    ['a record that is too long', Buffer.from(`160301ffff01${'00'.repeat(200)}`, 'hex')],
  ];
  for (const [name, bytes] of nonsense) {
    test(`${name} end the connection, without a reset`, async () => {
      await withFront({}, async (port) => {
        const answer = Buffer.from(await answerTo(port, bytes), 'latin1');
        // An alert at most.
        assert.ok(answer.length === 0 || answer[0] === 0x15, answer.toString('hex'));
      });
    });
  }
});

describe('a relay is bounded', () => {
  test('half a hello is waited for 5 s', async () => {
    const clock = new FakeClock();
    await withFront({ clock }, async (port) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.write((await helloOf(NAME)).subarray(0, 100));
      while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(4_999);
      assert.equal(socket.readableEnded, false);
      const ended = text(socket);
      clock.advance(1);
      assert.equal(await ended, '');
      socket.destroy();
    });
  });

  test('one address has so many connections, and gets them back', async () => {
    await withFront({ limits: { connections: 100, connectionsPerAddress: 3, bytesPerSecond: 0 } }, async (port) => {
      const open = () => secure(port, { servername: 'home.test' });
      const three = [await open(), await open(), await open()];
      const more = connect({ host: '127.0.0.1', port });
      assert.equal(await text(more), '');
      three[0]?.destroy();
      for (;;) {
        const again = await open().catch(() => undefined);
        if (again === undefined) continue;
        assert.equal((await get(again, '/')).status, 200);
        break;
      }
      for (const one of three) one.destroy();
    });
  });

  test('bytes a second are bounded over all connections', () => {
    const clock = new FakeClock();
    const bytes = Buffer.alloc(300_000);
    const rate = new Rate(clock, 100_000);
    assert.equal(rate.take(bytes.length), 3_000);
    clock.advance(3_000);
    assert.equal(rate.take(50_000), 500);
    assert.equal(rate.take(50_000), 1_000);
    assert.equal(new Rate(clock, 0).take(1_000_000), 0);
  });
});
