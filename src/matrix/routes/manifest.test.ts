import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeBase64 } from '../../lib/base64.ts';
import type { JsonObject } from '../json.ts';
import { parseJson } from '../json-parse.ts';
import {
  checkManifest,
  type Manifest,
  type ManifestExpectations,
  manifestJson,
  signedText,
  type VerifySignature,
} from './manifest.ts';
import { parseRoute, type Route } from './route.ts';

const NOW = Date.UTC(2026, 10, 24);
const DAY_MS = 86_400_000;

const pair = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');

function rawKey({ publicKey }: typeof pair): Uint8Array {
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
}

const verifySignature: VerifySignature = ({ publicKey, message, signature }) => {
  const key = [pair, other].find((one) => Buffer.compare(rawKey(one), publicKey) === 0)?.publicKey;
  return key !== undefined && verify(null, Buffer.from(message), key, signature);
};

const route = parseRoute('https://chat.example.org', 'home') as Route;

const MANIFEST: Manifest = {
  serverName: 'example.org',
  version: 5,
  issuedAtMs: NOW,
  expiresAtMs: NOW + 30 * DAY_MS,
  routes: [route],
  keys: new Map([['ed25519:a', encodeBase64(rawKey(pair))]]),
};

function signed(json: JsonObject, by = pair, keyId = 'ed25519:a'): JsonObject {
  const signature = sign(null, Buffer.from(signedText(json) ?? ''), by.privateKey);
  return { ...json, signatures: { 'example.org': { [keyId]: encodeBase64(signature) } } };
}

const EXPECTED: ManifestExpectations = {
  serverName: 'example.org',
  keys: new Map([['ed25519:a', rawKey(pair)]]),
  nowMs: NOW,
  knownVersion: 5,
};

async function judge(json: JsonObject, expected: Partial<ManifestExpectations> = {}): Promise<string> {
  // As it comes from the network: text, strictly parsed.
  const verdict = await checkManifest(
    parseJson(Buffer.from(JSON.stringify(json))) as JsonObject,
    { ...EXPECTED, ...expected },
    verifySignature,
  );
  return verdict.ok ? 'ok' : verdict.reason;
}

test('a manifest that the server signed is taken, with its routes and keys', async () => {
  const verdict = await checkManifest(signed(manifestJson(MANIFEST)), EXPECTED, verifySignature);
  assert.deepEqual(verdict, { ok: true, manifest: MANIFEST });
});

test('each reason to refuse one is told apart', async () => {
  const json = manifestJson(MANIFEST);
  const good = signed(json);
  assert.equal(await judge(good), 'ok');
  assert.equal(await judge(json), 'unsigned');
  assert.equal(await judge(signed(json, pair, 'ed25519:b')), 'unsigned');
  assert.equal(await judge(signed(json, other)), 'bad-signature');
  assert.equal(await judge({ ...good, version: 6 }), 'bad-signature');
  assert.equal(await judge({ ...good, signatures: { 'example.org': { 'ed25519:a': 7 } } }), 'bad-signature');
  assert.equal(await judge(good, { serverName: 'example.net' }), 'foreign');
  assert.equal(await judge(good, { nowMs: NOW + 30 * DAY_MS }), 'expired');
  assert.equal(await judge(good, { knownVersion: 6 }), 'older');
  assert.equal(await judge(good, { knownVersion: undefined }), 'ok');
  assert.equal(await judge(signed({ ...json, routes: [] })), 'no-route');
  assert.equal(await judge(signed({ ...json, routes: [{ url: 'gopher://example.org' }, 3] })), 'no-route');
  assert.equal(await judge(signed({ ...json, version: -1 })), 'malformed');
  assert.equal(await judge(signed({ ...json, routes: Array.from({ length: 17 }, () => ({})) })), 'malformed');
  assert.equal(await judge(signed({ ...json, verify_keys: { 'ed25519:a': 'short' } })), 'malformed');
  assert.equal(await judge({ ...good, signatures: { 'example.org': [] } }), 'unsigned');
});

test('a key that is no longer trusted counts for nothing, and a wrong one spoils a right one', async () => {
  const json = manifestJson(MANIFEST);
  const keys = new Map([
    ['ed25519:a', rawKey(pair)],
    ['ed25519:b', rawKey(other)],
  ]);
  const both = { ...EXPECTED.keys, keys };
  assert.equal(await judge(signed(json), both), 'ok');
  assert.equal(await judge(signed(json), { keys: new Map() }), 'unsigned');
  const wrong = { 'ed25519:a': encodeBase64(sign(null, Buffer.from(signedText(json) ?? ''), pair.privateKey)) };
  const json2 = { ...json, signatures: { 'example.org': { ...wrong, 'ed25519:b': wrong['ed25519:a'] } } };
  assert.equal(await judge(json2, both), 'bad-signature');
});

test('any JSON gets a verdict', async () => {
  const any = fc.dictionary(
    fc.constantFrom(
      'server_name',
      'version',
      'issued_ts',
      'expires_ts',
      'routes',
      'verify_keys',
      'signatures',
      '__proto__',
    ),
    fc.jsonValue(),
  );
  await fc.assert(
    fc.asyncProperty(any, async (value) => {
      const json = { ...manifestJson(MANIFEST), ...(value as JsonObject) };
      const verdict = await checkManifest(json, EXPECTED, verifySignature);
      assert.equal(verdict.ok, false);
    }),
  );
});
