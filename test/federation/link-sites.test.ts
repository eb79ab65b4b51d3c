/** A link on an ordinary web site: before the node stands a web server that ends TLS and sees no more than noise. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { createServer, type Server } from 'node:tls';
import { WebSocket } from 'ws';
import { createNodeCrypto } from '../../src/adapters/crypto/node-crypto.ts';
import { createRandom } from '../../src/adapters/random/index.ts';
import { writePass } from '../../src/link/carriers/site.ts';
import { type CuttableLine, openCuttableLine } from '../client/cuttable.ts';
import { type TestServer, type User } from '../harness/index.ts';
import { TestNetwork } from '../harness/network.ts';
import { CLOUD, HOME } from '../harness/node-keys.ts';
import { TEST_CA, TEST_CERTIFICATE, TEST_KEY, tlsFile } from '../harness/tls.ts';
import { shareRoom, textsFor } from './conversation-of-two.ts';
import { untilSeen, untilTrue } from './until.ts';

const PATH = '/news/morning';

/** The web server: it ends TLS for the site, and hands what it reads to the node behind it. */
class Front {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly seen: Buffer[] = [];
  /** Lets nobody in any more. */
  isClosed = false;

  constructor(nodePort: () => number) {
    this.#server = createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (near) => {
      if (this.isClosed) {
        near.destroy();
        return;
      }
      const far = connect(nodePort(), '127.0.0.1');
      near.on('data', (chunk: Buffer) => void this.seen.push(chunk));
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => one.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

const network = new TestNetwork();
const cloudAddress = network.addressOf('beta.test');
const scene = {} as {
  home: TestServer;
  cloud: TestServer;
  line: CuttableLine;
  front: Front;
  alice: User;
  bob: User;
};

before(async () => {
  scene.line = await openCuttableLine(`tcp://${cloudAddress}:8448`);
  scene.front = new Front(() => scene.cloud.running.listeners.ports[0] ?? 0);
  await scene.front.open();
  scene.cloud = network.server('beta.test', {
    config: {
      listeners: [
        { address: '127.0.0.1', port: 0, apis: ['client', 'media', 'link'] },
        {
          address: cloudAddress,
          port: 8448,
          apis: ['federation', 'keys', 'link'],
          tls: { certificate: tlsFile('server.pem'), key: tlsFile('server.key') },
        },
      ],
      links: { key: CLOUD.key, path: PATH, peers: { home: { key: HOME.public } } },
      federation: { overrides: { 'alpha.test': { connect: ['link:home'] } } },
    },
  });
  scene.home = network.server('alpha.test', {
    config: {
      listeners: [{ address: '127.0.0.1', port: 0, apis: ['client', 'media'] }],
      links: {
        key: HOME.key,
        path: PATH,
        peers: {
          cloud: {
            key: CLOUD.public,
            dial: [`127.0.0.1:${scene.line.port}`, `wss://localhost:${scene.front.port}${PATH}`],
          },
        },
      },
      federation: { overrides: { 'beta.test': { connect: ['link:cloud'] } } },
    },
  });
  // The short way is closed: the site is all that is left.
  scene.line.setCut(true);
  await scene.cloud.start();
  await scene.home.start();
  scene.alice = await scene.home.register('alice');
  scene.bob = await scene.cloud.register('bob');
});

after(async () => {
  await scene.home.finish();
  await scene.cloud.finish();
  scene.line.close();
  scene.front.close();
});

const shared = (): Promise<string> => shareRoom(scene.alice, scene.bob);

describe('a server that is reached on a site', () => {
  test('is invited from, joined and written to, and the site reads nothing of it', async () => {
    const { alice, bob, front } = scene;
    const room = await shared();
    await untilSeen(bob, room, await alice.send(room, 'a word for nobody else'));
    await untilSeen(alice, room, await bob.send(room, 'nor this'));
    const seen = Buffer.concat(front.seen).toString('latin1');
    assert.match(seen, /^GET \/news\/morning HTTP\/1\.1\r\n/);
    for (const word of ['a word for', 'postern', 'alpha.test', 'beta.test', '_matrix']) {
      assert.ok(!seen.includes(word), `the site reads ${word}`);
    }
  });

  test('loses nothing and doubles nothing where the site is cut, shut, and opened again', async () => {
    const { alice, bob, front, line } = scene;
    const room = await shared();
    const said: string[] = [];
    for (let count = 0; count < 40; count += 1) {
      if (count === 20 || count === 30) {
        line.setCut(count === 30);
        front.isClosed = count === 20;
      }
      if (count % 5 === 0) front.cut();
      said.push(`message ${count}`);
      await (count % 3 === 0 ? bob : alice).send(room, `message ${count}`);
    }
    for (const user of [alice, bob]) {
      await untilTrue(user, async () => (await textsFor(user, room)).length === said.length);
      assert.deepEqual((await textsFor(user, room)).toSorted(), said.toSorted());
    }
  });
});

describe('whoever asks the site for a WebSocket', () => {
  const parts = { crypto: createNodeCrypto(), random: createRandom() };
  const passOf = (nodeKey: string): string =>
    `sid=${writePass(Buffer.from(nodeKey.slice('ed25519:'.length), 'base64'), parts)}`;

  async function knock(path: string, headers: Record<string, string>): Promise<string> {
    const call = request({ host: 'localhost', port: scene.front.port, path, ca: TEST_CA, headers }).end();
    const answer = once(call, 'response').then(async ([response]) => `${response.statusCode} ${await text(response)}`);
    const upgraded = once(call, 'upgrade').then(() => 'upgraded');
    const result = await Promise.race([answer, upgraded]);
    call.destroy();
    for (const one of [answer, upgraded]) one.catch(() => undefined);
    return result;
  }

  const asking = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': Buffer.alloc(16, 1).toString('base64'),
  };

  for (const [name, path, headers] of [
    ['has no pass', PATH, asking],
    ['has that of another node', PATH, { ...asking, Cookie: passOf(HOME.public) }],
    ['asks elsewhere', '/news/evening', { ...asking, Cookie: passOf(CLOUD.public) }],
    ['asks for something else', PATH, { ...asking, Upgrade: 'h2c', Cookie: passOf(CLOUD.public) }],
  ] as const) {
    test(`and ${name}, gets the answer of a site that has none`, async () => {
      const plain = await knock('/news/evening', {});
      assert.match(plain, /^404 .*M_UNRECOGNIZED/);
      assert.equal(await knock(path, headers), plain);
    });
  }

  test('and knows the node, but is no peer, is let into an empty room', async () => {
    const socket = new WebSocket(`wss://localhost:${scene.front.port}${PATH}`, {
      ca: TEST_CA,
      headers: { Cookie: passOf(CLOUD.public) },
    });
    await once(socket, 'open');
    socket.send(Buffer.from('what is this'));
    await once(socket, 'close');
    assert.match(await knock('/news/evening', {}), /^404 /, 'the node is still there');
  });
});
