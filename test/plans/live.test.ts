/** What is rendered from a topology runs: a relay, a server that it reaches over a link, and a server abroad. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type RunningRelay, startRelay } from '../../src/cli/compose/relay.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import { renderConfig } from '../../src/deploy/render/config.ts';
import { parseTopology } from '../../src/deploy/topology/check.ts';
import type { Topology } from '../../src/deploy/topology/topology.ts';
import type { Log } from '../../src/ports/log.ts';
import { shareRoom } from '../federation/conversation-of-two.ts';
import { TestServer } from '../harness/index.ts';
import { closedPort } from '../harness/places.ts';
import { TEST_CA, tlsFile } from '../harness/tls.ts';

type Plain = Record<string, unknown>;
type Listener = { address: string; port: number; tls?: object };

const SEEDS = {
  home: 'ed25519 home AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  cloud: 'ed25519 cloud ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8',
  abroad: 'ed25519 abroad BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc',
} as const;
const KEYS = {
  home: 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg',
  cloud: 'ed25519:Kay64UG8yvCyLhqU000LxzYeUm0L/hLIl5S8kyKWbdc',
  abroad: 'ed25519:6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw',
} as const;
/** The name that users open; the relay passes it on. */
const FRONT = 'k3f9.hosts.test';
const tls = { certificate: tlsFile('server.pem'), key: tlsFile('server.key') };
const quiet: Log = { child: () => quiet, debug() {}, info() {}, warn() {}, error() {} };

const scene = {} as { cloud: TestServer; abroad: TestServer; relay: RunningRelay };

function topologyOf(ports: Record<keyof typeof SEEDS, number>): Topology {
  const { home, cloud, abroad } = ports;
  const addr = ['127.0.0.1'];
  const server = 'beta.test';
  const { topology, mistakes } = parseTopology({
    name: 'alpha.test',
    option: '4t',
    nodes: {
      home: { zone: 'cn-home', role: ['relay'], addr: 'dynamic', listen: [home], key: KEYS.home },
      cloud: { zone: 'cn-idc', role: ['homeserver'], addr, listen: [cloud], key: KEYS.cloud },
      abroad: { zone: 'world', role: ['homeserver'], server, addr, listen: [abroad], key: KEYS.abroad },
    },
    links: [
      { from: 'home', to: 'cloud' },
      { from: 'cloud', to: 'abroad' },
    ],
    linkPath: '/q7v2m9c4',
    routes: [`https://${FRONT}:${home}`],
  });
  assert.ok(topology !== undefined, JSON.stringify(mistakes));
  return topology;
}

/** What is rendered, on loopback and with the certificates of the tests. */
function rendered(topology: Topology, name: keyof typeof SEEDS): Plain {
  const node = topology.nodes.get(name);
  assert.ok(node !== undefined);
  const { dataDir: _, registration: __, ...config } = renderConfig(topology, node).config;
  return { ...config, links: { ...(config['links'] as Plain), key: SEEDS[name] } };
}

function serverOf(topology: Topology, name: 'cloud' | 'abroad'): TestServer {
  const config = rendered(topology, name);
  const listeners = (config['listeners'] as Listener[]).map((one) =>
    one.tls === undefined ? { ...one, port: 0 } : { ...one, address: '127.0.0.1', tls },
  );
  // The tests speak with the first one.
  return new TestServer({ config: { ...config, listeners: listeners.toReversed() } });
}

before(async () => {
  const [home, cloud, abroad] = [await closedPort(), await closedPort(), await closedPort()];
  const topology = topologyOf({ home, cloud, abroad });
  scene.cloud = serverOf(topology, 'cloud');
  scene.abroad = serverOf(topology, 'abroad');
  // Who is dialled comes first, or the dialler waits before it tries again.
  await scene.abroad.start();
  await scene.cloud.start();
  const config = rendered(topology, 'home');
  const relay = { ...(config['relay'] as Plain), address: '127.0.0.1', site: tls };
  scene.relay = await startRelay({
    config: checkConfig([{ place: () => 'test', value: { ...config, relay } }]),
    baseDir: '/',
    dataDir: '/',
    environment: {},
    version: 'test',
    log: quiet,
  });
});

after(async () => {
  await scene.relay.close();
  await scene.cloud.finish();
  await scene.abroad.finish();
});

async function ask(path: string): Promise<{ status: number | undefined; body: string }> {
  const socket = connectTls({ host: '127.0.0.1', port: scene.relay.port, servername: FRONT, ca: TEST_CA });
  await once(socket, 'secureConnect');
  const call = request({ createConnection: () => socket, path, headers: { Host: FRONT } }).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const body = await text(response);
  socket.destroy();
  return { status: response.statusCode, body };
}

describe('what is rendered from a topology', () => {
  test('lets users in through the relay', async () => {
    // Links come up by themselves; until then the relay shows its site.
    for (let tries = 0; tries < 500; tries += 1) {
      const { status, body } = await ask('/.well-known/matrix/client');
      if (status !== 200) continue;
      const { 'm.homeserver': homeserver } = JSON.parse(body) as { 'm.homeserver': { base_url: string } };
      assert.equal(new URL(homeserver.base_url).host, `${FRONT}:${scene.relay.port}`);
      return;
    }
    assert.fail('the server is not reached');
  });

  test('lets the servers talk with each other, though neither name resolves', async () => {
    const alice = await scene.cloud.register('alice');
    const bob = await scene.abroad.register('bob');
    assert.match(await shareRoom(alice, bob), /^!/);
  });
});
