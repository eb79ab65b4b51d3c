/** A server that nobody can reach: it dials another one, and is reached over the link between them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { writeHello } from '../../src/link/handshake.ts';
import { openCuttableLine, type CuttableLine } from '../client/cuttable.ts';
import { type TestServer, type User } from '../harness/index.ts';
import { TestNetwork } from '../harness/network.ts';
import { CLOUD, HOME } from '../harness/node-keys.ts';
import { tlsFile } from '../harness/tls.ts';
import { shareRoom, textsFor } from './conversation-of-two.ts';
import { untilSeen, untilTrue } from './until.ts';

const PATH = '/a-path-that-nobody-guesses';

const network = new TestNetwork();
const cloudAddress = network.addressOf('beta.test');
const scene = {} as { home: TestServer; cloud: TestServer; line: CuttableLine; alice: User; bob: User };

before(async () => {
  scene.line = await openCuttableLine(`tcp://${cloudAddress}:8448`);
  scene.cloud = network.server('beta.test', {
    config: {
      listeners: [
        { address: '127.0.0.1', port: 0, apis: ['client', 'media'] },
        {
          address: cloudAddress,
          port: 8448,
          apis: ['federation', 'keys', 'link'],
          tls: { certificate: tlsFile('server.pem'), key: tlsFile('server.key') },
        },
      ],
      links: { key: CLOUD.key, path: PATH, peers: { home: { key: HOME.public } } },
      federation: { overrides: { 'alpha.test': { connect: ['link:home'] } } },
      dns: {
        zone: 'dyn.test',
        listeners: [{ address: '127.0.0.1', port: 0 }],
        records: [{ name: 'q7.dyn.test', type: 'A', value: 'link:home' }],
      },
    },
  });
  scene.home = network.server('alpha.test', {
    config: {
      // It listens for its own users, and for nobody else.
      listeners: [{ address: '127.0.0.1', port: 0, apis: ['client', 'media'] }],
      links: {
        key: HOME.key,
        path: PATH,
        peers: { cloud: { key: CLOUD.public, dial: [`127.0.0.1:${scene.line.port}`] } },
      },
      federation: { overrides: { 'beta.test': { connect: ['link:cloud'] } } },
    },
  });
  await scene.cloud.start();
  await scene.home.start();
  scene.alice = await scene.home.register('alice');
  scene.bob = await scene.cloud.register('bob');
});

after(async () => {
  scene.line.close();
  await scene.home.finish();
  await scene.cloud.finish();
});

const shared = (): Promise<string> => shareRoom(scene.alice, scene.bob);

describe('a server that is reached over the link it dials', () => {
  test('is invited from, joined, written to and asked for media', async () => {
    const { alice, bob } = scene;
    const room = await shared();
    await untilSeen(bob, room, await alice.send(room, 'from behind the wall'));
    await untilSeen(alice, room, await bob.send(room, 'and back'));
    const picture = 'a picture of the sea '.repeat(50_000);
    const upload = await alice.call('POST', '/_matrix/media/v3/upload', undefined, {
      raw: picture,
      headers: { 'Content-Type': 'text/plain' },
    });
    const media = upload.text('content_uri').slice('mxc://'.length);
    const found = await bob.call('GET', `/_matrix/client/v1/media/download/${media}`);
    assert.equal(found.status, 200);
    assert.equal(Buffer.from(found.bytes).toString(), picture);
  });

  test('loses nothing and doubles nothing where the line is cut again and again', async () => {
    const { alice, bob, line } = scene;
    const room = await shared();
    const said: string[] = [];
    let last = '';
    for (let count = 0; count < 60; count += 1) {
      if (count % 20 === 7) line.setCut(true);
      if (count % 20 === 13) line.setCut(false);
      said.push(`message ${count}`);
      last = await (count % 3 === 0 ? bob : alice).send(room, `message ${count}`);
    }
    await untilSeen(alice, room, last);
    await untilSeen(bob, room, last);
    await untilTrue(bob, async () => (await textsFor(bob, room)).length === said.length);
    await untilTrue(alice, async () => (await textsFor(alice, room)).length === said.length);
    for (const user of [alice, bob]) {
      assert.deepEqual((await textsFor(user, room)).toSorted(), said.toSorted());
    }
    // Of each side the order is that in which it spoke.
    const ofAlice = (texts: readonly string[]) => texts.filter((text) => Number(text.slice(8)) % 3 !== 0);
    assert.deepEqual(ofAlice(await textsFor(bob, room)), ofAlice(said));
  });

  test('is reached again where the other side has been away', async () => {
    const { alice, bob, cloud } = scene;
    const room = await shared();
    await cloud.restart();
    await untilSeen(bob, room, await alice.send(room, 'from before'));
    await untilSeen(alice, room, await bob.send(room, 'you again'));
  });

  test('is written to again once it has come back', async () => {
    const { bob, home } = scene;
    const room = await shared();
    await home.stop();
    const event = await bob.send(room, 'while you were away');
    await home.start();
    await untilSeen(scene.alice, room, event);
  });
});

describe('a name that follows a node', () => {
  test('has the address from which its link comes', async () => {
    await shared();
    const resolver = new Resolver({ timeout: 5_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${scene.cloud.running.dns?.ports[0]}`]);
    assert.deepEqual(await resolver.resolve4('q7.dyn.test', { ttl: true }), [{ address: '127.0.0.1', ttl: 60 }]);
  });
});

describe('whoever calls at the door of links', () => {
  /** An HTTPS request over a TLS channel of our own; its status and the errcode of its answer. */
  async function knock(path: string, headersOf: (socket: TLSSocket) => Record<string, string>, version?: 'TLSv1.2') {
    const socket = connectTls({
      host: cloudAddress,
      port: 8448,
      rejectUnauthorized: false,
      ...(version !== undefined && { maxVersion: version }),
    });
    await once(socket, 'secureConnect');
    const call = request({ createConnection: () => socket, path, headers: headersOf(socket) }).end();
    try {
      return await Promise.race([
        once(call, 'upgrade').then(() => 'upgraded'),
        once(call, 'response').then(async ([response]) => {
          const { statusCode } = response as IncomingMessage;
          return `${statusCode} ${await text(response as IncomingMessage)}`;
        }),
      ]);
    } finally {
      socket.destroy();
    }
  }

  function helloOf(socket: TLSSocket, keys: { seed: string; other: string }, lane = 0, binding?: Buffer): string {
    const seed = Buffer.from(keys.seed.split(' ')[2] ?? '', 'base64');
    const other = Buffer.from(keys.other.slice('ed25519:'.length), 'base64');
    const { crypto } = scene.cloud.running.services.context;
    const hello = {
      dialler: crypto.ed25519PublicKey(seed),
      session: randomBytes(16),
      isNew: false,
      lane,
      received: 0,
    };
    const exported = socket.exportKeyingMaterial(32, 'EXPORTER-postern-link-1', Buffer.alloc(0));
    return writeHello(hello, binding ?? exported, { crypto, seed, other });
  }

  const upgrade = (proof: string) => ({ Connection: 'Upgrade', Upgrade: 'postern-link', 'Postern-Link': proof });
  const right = { seed: HOME.key, other: CLOUD.public };
  const stranger = { seed: `ed25519 x ${'A'.repeat(43)}`, other: CLOUD.public };

  const others: readonly (readonly [string, string, (socket: TLSSocket) => Record<string, string>, 'TLSv1.2'?])[] = [
    ['asks for nothing', PATH, () => ({})],
    ['asks without a proof', PATH, () => ({ Connection: 'Upgrade', Upgrade: 'postern-link' })],
    ['asks with no proof', PATH, () => upgrade('let me in')],
    ['has a key that nobody knows', PATH, (socket) => upgrade(helloOf(socket, stranger))],
    ['knows another key of ours', PATH, (socket) => upgrade(helloOf(socket, { ...right, other: HOME.public }))],
    ['repeats the proof of another channel', PATH, (socket) => upgrade(helloOf(socket, right, 0, randomBytes(32)))],
    ['asks for a lane that is not there', PATH, (socket) => upgrade(helloOf(socket, right, 2))],
    ['knocks elsewhere', '/another-path', (socket) => upgrade(helloOf(socket, right))],
    ['speaks an older TLS', PATH, (socket) => upgrade(helloOf(socket, right)), 'TLSv1.2'],
    ['speaks another protocol', PATH, (socket) => ({ ...upgrade(helloOf(socket, right)), Upgrade: 'websocket' })],
  ];
  for (const [name, path, headersOf, version] of others) {
    test(`and ${name}, gets the answer of a site that has none`, async () => {
      const plain = await knock('/another-path', () => ({}));
      assert.match(plain, /^404 .*M_UNRECOGNIZED/);
      assert.equal(await knock(path, headersOf, version), plain);
    });
  }

  test('and proves to be a peer, is let in', async () => {
    assert.equal(await knock(PATH, (socket) => upgrade(helloOf(socket, right))), 'upgraded');
  });
});
