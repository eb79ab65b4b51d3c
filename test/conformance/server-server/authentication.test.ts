/** Who signed what: between two servers of ours, and with a scripted one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { authenticateServer, type FederationRoute } from '../../../src/http/federation-api/index.ts';
import { federationRoute } from '../../../src/http/federation-api/federation-route.ts';
import { Dispatcher } from '../../../src/http/kit/dispatcher.ts';
import { peerNames } from '../../../src/http/kit/peer.ts';
import { RateLimiter } from '../../../src/http/kit/rate-limit.ts';
import { Router } from '../../../src/http/kit/router.ts';
import { sendTransaction } from '../../../src/matrix/api/server-server/sendTransaction.ts';
import { getEvent } from '../../../src/matrix/api/server-server/getEvent.ts';
import { canonicalJson } from '../../../src/matrix/canonical-json.ts';
import { parsePduJson } from '../../../src/matrix/json-parse.ts';
import type { ServerName } from '../../../src/matrix/ids.ts';
import type { JsonObject } from '../../../src/matrix/json.ts';
import { TestNetwork, type TestServer } from '../../harness/index.ts';
import { serverName } from '../../harness/peers.ts';
import { startPlace } from '../../harness/places.ts';
import type { RemoteServer } from '../../harness/remote-server.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../harness/tls.ts';

const network = new TestNetwork();
const alpha = network.server('alpha.test');
const beta = network.server('beta.test');
let remote: RemoteServer;
let dispatcher: Dispatcher<ServerName> | undefined;
/** A listener that takes signed requests for alpha. */
const alphaPort = await startPlace((request, response) => dispatcher?.handle(request, response), {
  certificate: TEST_CERTIFICATE,
  key: TEST_KEY,
});

interface Seen {
  readonly caller: ServerName;
  readonly body: unknown;
  readonly whole: string;
}
const seen: Seen[] = [];

/** Routes that keep what they get. */
function echoRoutes(): FederationRoute[] {
  return [
    federationRoute(sendTransaction, async ({ caller, body, request }) => {
      seen.push({ caller, body, whole: Buffer.from(await request.whole()).toString() });
      return { pdus: {} };
    }),
    federationRoute(getEvent, async ({ caller, body }) => {
      seen.push({ caller, body, whole: '' });
      return { origin: 'alpha.test', origin_server_ts: 0, pdus: [] };
    }),
  ];
}

function dispatcherOf(server: TestServer): Dispatcher<ServerName> {
  const { services } = server.running;
  const { clock, crypto, random, log, metrics } = services.context;
  return new Dispatcher<ServerName>({
    router: Router.of(echoRoutes()),
    authenticate: (incoming, route) => authenticateServer(services, incoming, route),
    keyOf: (caller) => caller,
    limiter: new RateLimiter(clock, undefined),
    peers: peerNames(crypto, 'key', []),
    clock,
    random,
    log,
    metrics,
    bodyNumbers: 'raw',
  });
}

before(async () => {
  remote = await network.startRemote('remote.test');
  await alpha.start();
  dispatcher = dispatcherOf(alpha);
  // Beta reaches that listener; whoever wants beta's keys asks beta where it is.
  network.route('alpha.test', `127.0.0.1:${alphaPort}`);
  await beta.start();
});
after(async () => {
  await alpha.finish();
  await beta.finish();
  await remote.stop();
});

const transaction: JsonObject = { origin: 'x', origin_server_ts: 1, pdus: [{ content: { é: ['\u0000', 'z'] } }] };

test('one server of ours knows another by its signature', async () => {
  const contacts: string[] = [];
  alpha.running.services.peers.onContact((server) => contacts.push(server));
  const { peers } = beta.running.services;
  const answer = await peers.request(serverName('alpha.test'), {
    method: 'PUT',
    path: '/_matrix/federation/v1/send/a%2Fb?x=%20',
    body: transaction,
  });
  assert.deepEqual(Object.keys(answer), ['pdus']);
  const last = seen.at(-1);
  assert.equal(last?.caller, 'beta.test');
  assert.equal(last.whole, canonicalJson(transaction));
  await peers.request(serverName('alpha.test'), { method: 'GET', path: '/_matrix/federation/v1/event/%24x' });
  assert.equal(seen.at(-1)?.caller, 'beta.test');
  assert.deepEqual(contacts, ['beta.test', 'beta.test']);
});

/** A signed request of the scripted server to alpha's listener. */
async function ask(change: Partial<Parameters<RemoteServer['client']['request']>[0]> = {}) {
  remote.names.set('alpha.test', alphaPort);
  return await remote.client.request({
    destination: 'alpha.test',
    method: 'PUT',
    uri: '/_matrix/federation/v1/send/1',
    body: transaction,
    ...change,
  });
}

test('a scripted server is known by its signature, also over numbers that events of old rooms hold', async () => {
  (await ask()).expect(200);
  assert.equal(seen.at(-1)?.caller, 'remote.test');
  const body = parsePduJson('{"origin":"x","origin_server_ts":1,"pdus":[{"depth":1.0,"a":1e3}]}').value;
  (await ask({ body })).expect(200);
  assert.match(seen.at(-1)?.whole ?? '', /"depth":1\.0/);
});

test('whitespace and order of a body are not what is signed', async () => {
  const bytes = Buffer.from('{ "pdus": [],\n "origin_server_ts": 1, "origin": "x" }');
  (await ask({ body: { origin: 'x', origin_server_ts: 1, pdus: [] }, bytes })).expect(200);
  assert.equal(seen.at(-1)?.whole, bytes.toString());
});

test('what is not signed, or signed otherwise, is refused before anything reads it', async () => {
  const before = seen.length;
  const changed = Buffer.from(canonicalJson({ ...transaction, origin: 'y' }));
  for (const change of [
    { authorization: '' },
    { authorization: 'Bearer x' },
    { bytes: changed },
    { bytes: Buffer.alloc(0) },
  ]) {
    (await ask(change)).expect(401, 'M_UNAUTHORIZED');
  }
  for (const text of ['{', '{"a":1,"a":2}', '[1', '\xff']) {
    (await ask({ bytes: Buffer.from(text, 'latin1') })).expect(400, 'M_NOT_JSON');
  }
  const form = { 'Content-Type': 'Multipart/Form-Data; boundary=x' };
  (await ask({ headers: form })).expect(415, 'M_NOT_JSON');
  assert.equal(seen.length, before);
});

test('where federation is off nothing is served to other servers', async () => {
  const gamma = network.server('gamma.test', { config: { federation: { enabled: false } } });
  await gamma.start();
  try {
    for (const uri of ['/_matrix/key/v2/server', '/_matrix/federation/v1/version', '/.well-known/matrix/server']) {
      const answer = await remote.client.request({ destination: 'gamma.test', method: 'GET', uri });
      answer.expect(404, 'M_UNRECOGNIZED');
    }
    const asked = gamma.running.services.peers.request(serverName('remote.test'), { method: 'GET', path: '/x' });
    await assert.rejects(asked, { kind: 'not allowed' });
  } finally {
    await gamma.finish();
  }
});

test('a body that does not fit is told only to those who have signed it', async () => {
  (await ask({ body: { pdus: 1 } })).expect(400, 'M_BAD_JSON');
  (await ask({ body: { pdus: 1 }, authorization: '' })).expect(401, 'M_UNAUTHORIZED');
});
