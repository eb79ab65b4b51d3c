/** The front on a home line: its own names go to the server, everything else finds a site. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { decode, encode } from 'dns-packet';
import { type RunningRelay, startRelay } from '../../src/cli/compose/relay.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import { TestNetwork } from '../harness/network.ts';
import type { TestServer } from '../harness/server.ts';
import { tlsFile } from '../harness/tls.ts';
import { get, helloOf, listening, NAME, nameOf, quiet, secure, withFront } from './front.ts';

const RELAY = {
  key: 'ed25519 home AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  public: 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg',
};
const CLOUD = {
  key: 'ed25519 cloud ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8',
  public: 'ed25519:Kay64UG8yvCyLhqU000LxzYeUm0L/hLIl5S8kyKWbdc',
};
const tls = { certificate: tlsFile('server.pem'), key: tlsFile('server.key') };
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
  scene.linked = await startOne({
    to: 'link:cloud',
    peers: { cloud: { key: CLOUD.public, dial: [`127.0.0.1:${port}`] } },
  });
  scene.direct = await startOne({
    to: `127.0.0.1:${port}`,
    peers: { cloud: { key: CLOUD.public, dial: ['127.0.0.1:1'] } },
  });
});

after(async () => {
  await scene.linked.close();
  await scene.direct.close();
  await scene.server.finish();
});

/** A relay as the command starts it. */
async function startOne({ to, peers }: { to: string; peers: object }): Promise<RunningRelay> {
  const value = {
    links: { key: RELAY.key, peers },
    relay: { address: '127.0.0.1', port: 0, names: ['Alpha.test'], to, site: tls },
  };
  const config = checkConfig([{ place: () => 'test', value }]);
  return await startRelay({ config, baseDir: '/', dataDir: '/', environment: {}, version: 'test', log: quiet });
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

describe('a relay that its server dials', () => {
  const home = network.server('beta.test', {
    config: () => ({
      listeners: [{ address: '127.0.0.1', port: 0, apis: ['client', 'media'], tls }],
      links: {
        key: CLOUD.key,
        peers: { front: { key: RELAY.public, dial: [`127.0.0.1:${dialled.port}`], carries: ['client'] } },
      },
    }),
  });
  let dialled: RunningRelay;
  before(async () => {
    dialled = await startOne({ to: 'link:home', peers: { home: { key: CLOUD.public } } });
    await home.start();
  });
  after(async () => {
    await home.finish();
    await dialled.close();
  });

  test('passes its name on over that link', async () => {
    // The link comes up by itself; until then the site answers.
    for (let tries = 0; tries < 500; tries += 1) {
      const socket = await secure(dialled.port);
      const { status, body } = await get(socket, '/_matrix/client/versions');
      socket.destroy();
      if (status !== 200) continue;
      assert.match(body, /"v1\.1\d"/);
      return;
    }
    assert.fail('the server is not reached');
  });

  test('shows the site to whoever calls and proves nothing', async () => {
    const ask = async (headers: Record<string, string>) =>
      await get(await secure(dialled.port, { servername: 'other.test', rejectUnauthorized: false }), '/link', headers);
    const plain = await ask({});
    assert.equal(plain.status, 404);
    const upgrade = { Connection: 'Upgrade', Upgrade: 'postern-link' };
    assert.deepEqual(await ask(upgrade), plain);
    assert.deepEqual(await ask({ ...upgrade, 'Postern-Link': 'let me in' }), plain);
  });
});

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
