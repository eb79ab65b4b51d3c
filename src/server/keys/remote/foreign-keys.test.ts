import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign, verify as verifyBytes, createPublicKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { present } from '../../../lib/assert.ts';
import { parseDeviceId, parseUserId } from '../../../matrix/ids.ts';
import { asObject, type JsonObject, type JsonValue } from '../../../matrix/json.ts';
import { parseJson } from '../../../matrix/json-parse.ts';
import { signJson } from '../../../rules/signatures/sign.ts';
import type { VerifySignature } from '../../../rules/signatures/verify.ts';
import { readClaimedKey, readDeviceKeys, readForeignList, readIdentity, readQueriedKeys } from './foreign-keys.ts';

const eve = present(parseUserId('@eve:remote.test'), 'a user id');
const device = present(parseDeviceId('EVE'), 'a device id');

const PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const verify: VerifySignature = (publicKey, text, signature) => {
  const key = createPublicKey({ key: Buffer.concat([PREFIX, publicKey]), format: 'der', type: 'spki' });
  return verifyBytes(null, Buffer.from(text), key, signature);
};

class Pair {
  readonly #key: KeyObject;
  readonly text: string;
  readonly bytes: Uint8Array;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.#key = privateKey;
    this.bytes = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
    this.text = Buffer.from(this.bytes).toString('base64').replaceAll('=', '');
  }

  sign(object: JsonObject, name: string, entity: string = eve): JsonObject {
    const signer = (text: string): Uint8Array => sign(null, Buffer.from(text), this.#key);
    return signJson(object, { entity, keyId: `ed25519:${name}`, sign: signer });
  }
}

const pair = new Pair();
const unsignedKeys: JsonObject = {
  user_id: eve,
  device_id: device,
  algorithms: ['m.olm.v1.curve25519-aes-sha2'],
  keys: { 'ed25519:EVE': pair.text, 'curve25519:EVE': 'abc' },
};
const keys = pair.sign(unsignedKeys, device);
const read = (value: JsonValue): string | undefined => readDeviceKeys(value, { user: eve, device }, verify);

describe('keys of a device', () => {
  test('are kept as they were signed, without what is not', () => {
    const text = read({ ...keys, unsigned: { device_display_name: 'Phone' } });
    assert.deepEqual(asObject(parseJson(text ?? '')), asObject(parseJson(JSON.stringify(keys))));
  });

  const wrong: [string, JsonValue][] = [
    ['no object', 'keys'],
    ['of another user', pair.sign({ ...unsignedKeys, user_id: '@other:remote.test' }, device)],
    ['of another device', pair.sign({ ...unsignedKeys, device_id: 'OTHER' }, device)],
    ['changed after they were signed', { ...keys, algorithms: [] }],
    ['not signed', unsignedKeys],
    ['signed by another key', new Pair().sign(unsignedKeys, device)],
    ['signed by another user', pair.sign(unsignedKeys, device, '@other:remote.test')],
    ['without algorithms', pair.sign({ ...unsignedKeys, algorithms: null }, device)],
    ['with a key of another form', pair.sign({ ...unsignedKeys, keys: { 'ed25519:EVE': pair.text, x: 7 } }, device)],
    ['with a signing key of another length', pair.sign({ ...unsignedKeys, keys: { 'ed25519:EVE': 'AAAA' } }, device)],
    ['with signatures of another form', { ...keys, signatures: { ...asObject(keys['signatures']), x: { y: 1 } } }],
    ['too large', pair.sign({ ...unsignedKeys, more: 'x'.repeat(65_536) }, device)],
    ['with a number that cannot be signed', parseJson(`{"a":1.5,${JSON.stringify(keys).slice(1)}`, { numbers: 'raw' })],
  ];
  for (const [name, value] of wrong) test(`${name}: left out`, () => assert.equal(read(value), undefined));
});

const master = new Pair();
const selfSigning = new Pair();
const keyOf = (usage: string, own: Pair): JsonObject => ({
  user_id: eve,
  usage: [usage],
  keys: { [`ed25519:${own.text}`]: own.text },
});
const masterKey = keyOf('master', master);
const selfSigningKey = master.sign(keyOf('self_signing', selfSigning), master.text);

describe('an identity', () => {
  const usages = (told: Parameters<typeof readIdentity>[0]): string[] => [...readIdentity(told, eve, verify).keys()];

  test('is a master key, and a self-signing key that it has signed', () => {
    assert.deepEqual(usages({ master: masterKey, selfSigning: selfSigningKey }), ['master', 'self_signing']);
    assert.deepEqual(usages({ master: masterKey, selfSigning: undefined }), ['master']);
  });

  const halves: [string, JsonValue][] = [
    ['not signed', keyOf('self_signing', selfSigning)],
    ['signed by itself', selfSigning.sign(keyOf('self_signing', selfSigning), master.text)],
    ['for another use', master.sign(keyOf('user_signing', selfSigning), master.text)],
  ];
  for (const [name, value] of halves) {
    test(`a self-signing key ${name} is left out`, () => {
      assert.deepEqual(usages({ master: masterKey, selfSigning: value }), ['master']);
    });
  }

  const none: [string, JsonValue][] = [
    ['of another user', { ...masterKey, user_id: '@other:remote.test' }],
    ['with two keys', { ...masterKey, keys: { a: 'b', ...asObject(masterKey['keys']) } }],
    ['under another name', { ...masterKey, keys: { 'ed25519:other': master.text } }],
    ['for another use', { ...masterKey, usage: ['self_signing'] }],
    ['of another form', []],
  ];
  for (const [name, value] of none) {
    test(`with a master key ${name} there is none`, () => {
      assert.deepEqual(usages({ master: value, selfSigning: selfSigningKey }), []);
    });
  }
});

test('a list holds the devices that are well formed, each once', () => {
  const devices = [
    { device_id: 'EVE', keys, device_display_name: 'n'.repeat(300) },
    { device_id: 'EVE', keys },
    { device_id: '*', keys },
    { device_id: 'OTHER', keys },
    null,
  ];
  const answer: JsonObject = { user_id: eve, stream_id: 5, devices: devices as JsonValue[], master_key: masterKey };
  const list = readForeignList(answer, eve, verify);
  assert.deepEqual(
    list?.devices.map((row) => row.device),
    [device],
  );
  assert.deepEqual([list?.streamId, [...(list?.identity.keys() ?? [])]], [5, ['master']]);
  assert.equal(readForeignList({ ...answer, user_id: '@other:remote.test' }, eve, verify), undefined);
  assert.equal(readForeignList({ ...answer, devices: {} }, eve, verify), undefined);
});

test('an answer to a query is read for one user', () => {
  const answer: JsonObject = { device_keys: { [eve]: { EVE: keys, OTHER: keys } }, master_keys: { [eve]: masterKey } };
  const list = readQueriedKeys(answer, eve, verify);
  assert.deepEqual([list.devices.map((row) => row.device), [...list.identity.keys()]], [[device], ['master']]);
  assert.deepEqual(readQueriedKeys({}, eve, verify).devices, []);
});

test('a claimed key is of the kind that was asked for, and signed by its device where that is known', () => {
  const key = pair.sign({ key: 'abc' }, device);
  const wanted = { user: eve, device, algorithm: 'signed_curve25519' };
  const claim = (value: JsonValue, publicKey: Uint8Array | undefined = pair.bytes): JsonObject | undefined =>
    readClaimedKey(value, wanted, { publicKey, verify });
  assert.deepEqual(claim({ 'signed_curve25519:A': key }), { 'signed_curve25519:A': key });
  assert.equal(claim({ 'other:A': key }), undefined);
  assert.equal(claim({ 'signed_curve25519:A': { key: 'abc' } }), undefined);
  assert.equal(claim({ 'signed_curve25519:A': key }, new Pair().bytes), undefined);
  assert.equal(claim({ 'signed_curve25519:A': key, 'signed_curve25519:B': key }), undefined);
  assert.equal(claim({ 'signed_curve25519:A': 'bare' }), undefined);
  assert.equal(claim('key'), undefined);
});
