import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, type TestKey, verifyEd25519 } from '../../../test/fixtures/ed25519.ts';
import { encodeBase64 } from '../../lib/base64.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { asObject, type JsonObject } from '../../matrix/json.ts';
import { parseJson } from '../../matrix/json-parse.ts';
import { readPublishedKeys } from './published-keys.ts';
import { signJson } from './sign.ts';

const SERVER = 'a.test';
const key = keyOf(SERVER, 1, 'ed25519:one');
const second = keyOf(SERVER, 2, 'ed25519:two');
const old = keyOf(SERVER, 3, 'ed25519:old');

function publish(change: JsonObject = {}, signers: readonly TestKey[] = [key]): JsonObject {
  const json: JsonObject = {
    server_name: SERVER,
    valid_until_ts: 1_000,
    verify_keys: { [key.keyId]: { key: encodeBase64(key.publicKey) } },
    old_verify_keys: { [old.keyId]: { key: encodeBase64(old.publicKey), expired_ts: 500 } },
    ...change,
  };
  return signers.reduce((signed, one) => signJson(signed, one), json);
}

function read(json: JsonObject, server = SERVER) {
  const name = parseServerName(server);
  assert.ok(name !== undefined);
  return readPublishedKeys(json, name, verifyEd25519);
}

function why(json: JsonObject, server?: string): string {
  const result = read(json, server);
  assert.ok('why' in result, JSON.stringify(result));
  return result.why;
}

function ids(json: JsonObject): string[] {
  const result = read(json);
  assert.ok('keys' in result, JSON.stringify(result));
  return result.keys.map(({ keyId, expiredTs }) => `${keyId} ${expiredTs}`);
}

test('keys in use and retired ones', () => {
  const result = read(publish());
  assert.ok('keys' in result);
  assert.equal(result.validUntilTs, 1_000);
  assert.deepEqual(
    result.keys.map((one) => ({ ...one, publicKey: encodeBase64(one.publicKey) })),
    [
      { keyId: key.keyId, publicKey: encodeBase64(key.publicKey), expiredTs: undefined },
      { keyId: old.keyId, publicKey: encodeBase64(old.publicKey), expiredTs: 500 },
    ],
  );
});

test('a signature of one key in use is enough, a wrong one is too much', () => {
  const verifyKeys = Object.fromEntries([key, second].map((one) => [one.keyId, { key: encodeBase64(one.publicKey) }]));
  assert.equal(ids(publish({ verify_keys: verifyKeys, old_verify_keys: {} })).length, 2);
  assert.equal(ids(publish({ verify_keys: verifyKeys, old_verify_keys: {} }, [key, second])).length, 2);
  const wrong = { ...keyOf(SERVER, 9, second.keyId) };
  assert.match(why(publish({ verify_keys: verifyKeys }, [key, wrong])), /wrong signature/);
  assert.match(why({ ...publish(), valid_until_ts: 2_000 }), /wrong signature/);
  assert.match(why(publish({}, [])), /not signed by any/);
  assert.match(why(publish({}, [old])), /not signed by any/, 'a retired key vouches for nothing');
  assert.match(why(publish({}, [keyOf('b.test', 1, key.keyId)])), /not signed by any/);
});

test('answers that are none', () => {
  assert.match(why(publish(), 'b.test'), /another server/);
  assert.match(why(publish({ server_name: 1 })), /another server/);
  for (const value of ['1000', -1, 1.5, null])
    assert.match(why(publish({ valid_until_ts: value as number }, [])), /no time/);
  assert.match(why(publish({ verify_keys: [] })), /not signed by any/);
  assert.match(why({ ...publish(), signatures: { [SERVER]: { [key.keyId]: 'x' } } }), /wrong signature/);
  const many = Object.fromEntries(
    Array.from({ length: 201 }, (_, i) => [`ed25519:k${i}`, { key: encodeBase64(key.publicKey) }]),
  );
  assert.match(why(publish({ verify_keys: many })), /too many/);
});

test('numbers that cannot be signed make a wrong signature, not an exception', () => {
  const json = asObject(parseJson(JSON.stringify({ ...publish(), more: 1.5 }), { numbers: 'raw' }));
  assert.ok(json !== undefined);
  assert.match(why(json), /wrong signature/);
});

test('malformed keys and those of other algorithms are left out', () => {
  const good = { key: encodeBase64(key.publicKey) };
  const json = publish({
    verify_keys: {
      [key.keyId]: good,
      'ed25519:a b': good,
      'rsa:1': good,
      'ed25519:short': { key: 'AAAA' },
      'ed25519:none': {},
      'ed25519:text': 'x',
      __proto__: good,
    },
    old_verify_keys: {
      'ed25519:timeless': good,
      'ed25519:odd': { ...good, expired_ts: 'x' },
      // A key in use is not retired at the same time.
      [key.keyId]: { ...good, expired_ts: 1 },
    },
  });
  assert.deepEqual(ids(json), [`${key.keyId} undefined`]);
});
