/** Keys, ours and those of others, and what else is asked without a signature. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject } from '../../../src/matrix/json.ts';
import { isJsonSignedBy } from '../../../src/rules/signatures/verify.ts';
import { verifyEd25519 } from '../../fixtures/ed25519.ts';
import { type Answer, TestNetwork } from '../../harness/index.ts';
import type { RemoteServer } from '../../harness/remote-server.ts';

const network = new TestNetwork();
const postern = network.server('postern.test');
let remote: RemoteServer;
let other: RemoteServer;

before(async () => {
  remote = await network.startRemote('remote.test');
  other = await network.startRemote('other.test');
  await postern.start();
});
after(async () => {
  await postern.finish();
  await remote.stop();
  await other.stop();
});

const DAY_MS = 24 * 3_600_000;

function ask(uri: string, body?: JsonObject): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST';
  return remote.client.request({ destination: 'postern.test', method, uri, authorization: '', ...(body && { body }) });
}

function ownKeys(answer: JsonObject): { keyId: string; publicKey: Uint8Array } {
  const [[keyId, value] = ['', undefined]] = Object.entries(answer['verify_keys'] as JsonObject);
  return { keyId, publicKey: Buffer.from((value as { key: string }).key, 'base64') };
}

test('getServerKey: our keys, signed by themselves, for a day, under every path that is asked', async () => {
  for (const suffix of ['', '/', '/ed25519:whatever']) {
    const answer = (await ask(`/_matrix/key/v2/server${suffix}`)).expect(200).body as JsonObject;
    assert.equal(answer['server_name'], 'postern.test');
    const { keyId, publicKey } = ownKeys(answer);
    assert.ok(isJsonSignedBy(answer, { entity: 'postern.test', keyId, publicKey }, verifyEd25519));
    const left = Number(answer['valid_until_ts']) - Date.now();
    assert.ok(left > DAY_MS / 2 && left <= DAY_MS);
    assert.deepEqual(Object.keys(answer['old_verify_keys'] as JsonObject), []);
  }
});

test('perspectivesKeyQuery: keys of another server, with its signature and ours', async () => {
  const own = ownKeys((await ask('/_matrix/key/v2/server')).body as JsonObject);
  for (const suffix of ['', `/${remote.key.keyId}`, '?minimum_valid_until_ts=1']) {
    const answer = (await ask(`/_matrix/key/v2/query/remote.test${suffix}`)).expect(200);
    const [keys] = answer.list('server_keys') as JsonObject[];
    assert.ok(keys !== undefined);
    assert.ok(isJsonSignedBy(keys, remote.key, verifyEd25519));
    assert.ok(isJsonSignedBy(keys, { entity: 'postern.test', ...own }, verifyEd25519));
  }
  assert.equal(remote.requestsFor('getServerKey').length, 1, 'the other server is asked once');
  const [mine] = (await ask('/_matrix/key/v2/query/postern.test')).list('server_keys');
  assert.equal(mine?.['server_name'], 'postern.test');
  for (const unknown of ['unknown.hosts.test', 'no%20name', '127.0.0.1']) {
    assert.deepEqual((await ask(`/_matrix/key/v2/query/${unknown}`)).expect(200).get('server_keys'), []);
  }
});

test('bulkPerspectivesKeyQuery: keys of several servers; none for those that cannot be had', async () => {
  const query = { 'remote.test': {}, 'other.test': { [other.key.keyId]: { minimum_valid_until_ts: 1 } }, 'x y': {} };
  const answer = (await ask('/_matrix/key/v2/query', { server_keys: query })).expect(200);
  const names = answer.list('server_keys').map((one) => one['server_name']);
  assert.deepEqual(new Set(names), new Set(['other.test', 'remote.test']));
  assert.equal(names.length, 2);
  assert.deepEqual((await ask('/_matrix/key/v2/query', { server_keys: {} })).get('server_keys'), []);
  for (const body of [{}, { server_keys: [] }, { server_keys: { a: 1 } }, { server_keys: { a: { b: 1 } } }]) {
    (await ask('/_matrix/key/v2/query', body as JsonObject)).expect(400, 'M_BAD_JSON');
  }
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`s${index}.hosts.test`, {}]));
  (await ask('/_matrix/key/v2/query', { server_keys: many })).expect(413, 'M_TOO_LARGE');
});

test('a notary goes on to tell what a server said that is gone, and its retired keys', async () => {
  const retired = other.key.keyId;
  other.rotateKey();
  await ask('/_matrix/key/v2/query/other.test');
  const off = other.on('getServerKey', async () => ({ status: 500, body: {} }));
  const later = Date.now() + 30 * DAY_MS;
  const [keys] = (await ask(`/_matrix/key/v2/query/other.test?minimum_valid_until_ts=${later}`)).list('server_keys');
  assert.ok(JSON.stringify(keys).includes(retired));
  off();
});

test('getVersion: what runs here, for anybody', async () => {
  const answer = (await ask('/_matrix/federation/v1/version')).expect(200);
  assert.equal(answer.text('server', 'name'), 'Postern');
  assert.match(answer.text('server', 'version'), /^[0-9]+\.[0-9]+\.[0-9]+/);
});

test('getWellKnown: where this server is, as its listeners show', async () => {
  const answer = (await ask('/.well-known/matrix/server')).expect(200);
  assert.equal(answer.text('m.server'), 'postern.test:8448');
  assert.equal((await postern.request('GET', '/.well-known/matrix/server', undefined)).status, 200);
});

test('what does not exist is told as everywhere', async () => {
  (await ask('/_matrix/federation/v1/unknown')).expect(404, 'M_UNRECOGNIZED');
  (await ask('/_matrix/federation/v1/version', {})).expect(405, 'M_UNRECOGNIZED');
  (await ask('/_matrix/client/versions')).expect(404, 'M_UNRECOGNIZED');
  const none = await postern.request('GET', '/_matrix/key/v2/server', undefined);
  assert.equal(none.status, 404, 'the listener of clients serves no keys');
});
