import assert from 'node:assert/strict';
import { verify, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { request } from 'node:http';
import { checkManifest, type VerifySignature } from '../../../src/matrix/routes/manifest.ts';
import { readInvite } from '../../../src/matrix/routes/invite.ts';
import { routeName } from '../../../src/matrix/routes/route.ts';
import type { JsonObject } from '../../../src/matrix/json.ts';
import type { InviteFacts } from '../../../src/server/admin/index.ts';
import type { RouteFacts } from '../../../src/server/routes/index.ts';
import { SERVER_NAME, useServer, v3 } from '../../harness/index.ts';

const SECRET = 'a-path-that-nobody-guesses';
const list = [
  { url: 'https://chat.test.example:8448', zone: 'home' },
  { url: 'https://203.0.113.20', zone: 'abroad' },
];
const server = useServer({ config: { routes: { list, pathSecret: SECRET } } });
const hidden = useServer({ config: { routes: { list, pathSecret: SECRET, stealth: true } } });
const PATH = '/_matrix/client/unstable/org.postern/routes';
const BELOW = `/x/${SECRET}`;

const verifySignature: VerifySignature = ({ publicKey, message, signature }) => {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return verify(null, Buffer.from(message), createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
};

function versionOf({ body }: { readonly body: unknown }): unknown {
  return (body as JsonObject)['version'];
}

function invites(command: object): Promise<InviteFacts> {
  return server.running.services.admin.run(command as never) as Promise<InviteFacts>;
}

function get(path: string): Promise<{ status: number; type: string | undefined }> {
  return new Promise((resolve, reject) => {
    request(`${hidden.baseUrl}${path}`, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] }));
    })
      .on('error', reject)
      .end();
  });
}

test('getRoutes: what an invite says trusts exactly the manifest that the server gives', async () => {
  const made = await invites({ name: 'invite.create', room: undefined });
  const invite = readInvite(made.link);
  assert.ok(invite !== undefined);
  assert.deepEqual(readInvite(made.text ?? ''), invite);
  assert.equal(invite.serverName, SERVER_NAME);
  assert.equal(invite.token, made.token);
  assert.deepEqual(invite.routes.map(routeName), ['https://chat.test.example:8448', 'https://203.0.113.20']);
  assert.ok(invite.routes.every((route) => route.kind === 'web' && route.baseUrl.endsWith(BELOW)));
  const alice = await server.register('alice');
  const json = (await alice.ok('GET', BELOW + PATH)).body as JsonObject;
  const expected = {
    serverName: SERVER_NAME,
    keys: new Map([[invite.keyId, invite.publicKey]]),
    nowMs: Date.now(),
    knownVersion: 1,
  };
  const verdict = await checkManifest(json, expected, verifySignature);
  assert.ok(verdict.ok, JSON.stringify(verdict));
  assert.deepEqual(verdict.manifest.routes, invite.routes);
  const forged = await checkManifest({ ...json, version: 99 }, expected, verifySignature);
  assert.deepEqual(forged, { ok: false, reason: 'bad-signature' });
});

test('getRoutes: only users of this server are told, and their devices find it in their account data', async () => {
  const alice = await server.register('alice');
  await server.nobody.fails('401 M_MISSING_TOKEN', 'GET', BELOW + PATH);
  const told = (await alice.ok('GET', BELOW + PATH)).body;
  const kept = await alice.ok('GET', v3`/user/${alice.id}/account_data/org.postern.routes`);
  assert.deepEqual(kept.body, told);
});

test('a version lasts over a restart; a rotation keeps the old secret until each device has the new one', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const version = versionOf(await alice.ok('GET', BELOW + PATH));
  await server.restart();
  assert.equal(versionOf(await alice.ok('GET', BELOW + PATH)), version);
  const { routes } = server.running.services;
  const [before] = await routes.secrets();
  const others = (await routes.facts()).oldSecrets;
  assert.deepEqual(others, []);
  const facts = (await server.running.services.admin.run({ name: 'routes.rotate' })) as RouteFacts;
  assert.equal(facts.version, Number(version) + 1);
  const secrets = await routes.secrets();
  assert.equal(secrets.length, 2);
  assert.notDeepEqual(secrets[0], before);
  assert.deepEqual(secrets[1], before);
  await alice.ok('GET', BELOW + PATH);
  assert.equal((await routes.secrets()).length, 2);
  await server.restart();
  const waiting = async () => (await server.running.services.routes.facts()).oldSecrets[0]?.waitingDevices ?? 0;
  const left = await waiting();
  await bob.ok('GET', BELOW + PATH);
  assert.equal(await waiting(), left - 1);
});

test('stealth: without the secret path the server is a small site, whatever is asked', async () => {
  assert.deepEqual(await get('/'), { status: 200, type: 'text/html' });
  const asked = ['/_matrix/client/versions', '/_matrix/client/v3/login', '/x/wrong/_matrix/client/versions', '/x'];
  for (const path of asked) {
    assert.deepEqual(await get(path), { status: 404, type: 'text/html' }, path);
  }
  assert.equal((await get(`${BELOW}/_matrix/client/versions`)).status, 200);
  assert.equal((await get(`${BELOW}x/_matrix/client/versions`)).status, 404);
});
