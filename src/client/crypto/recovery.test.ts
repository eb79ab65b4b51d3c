import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { nodeEnvironment } from '../testing.ts';
import { decodeRecoveryKey, encodeRecoveryKey } from './recovery-key.ts';
import { decryptSecret, describeKey, encryptSecret, matchesDescription } from './secret-storage.ts';

const environment = nodeEnvironment();

test('the recovery key of the specification is written and read', () => {
  const key = Uint8Array.from(Buffer.from('dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo', 'base64'));
  const text = encodeRecoveryKey(key);
  assert.equal(text.replaceAll(' ', '').startsWith('Es'), true);
  assert.deepEqual(decodeRecoveryKey(` ${text}\n`), key);
});

test('every key survives, and one changed character is refused or names another key', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(40), (key, at) => {
      const text = encodeRecoveryKey(key);
      assert.deepEqual([...(decodeRecoveryKey(text) ?? [])], [...key]);
      const plain = text.replaceAll(' ', '');
      const other = plain.charAt(at) === 'z' ? 'y' : 'z';
      const changed = plain.slice(0, at) + other + plain.slice(at + 1);
      // The parity is one byte: of 256 changes it lets one through.
      const read = decodeRecoveryKey(changed);
      if (read !== undefined) assert.equal(encodeRecoveryKey(read).replaceAll(' ', ''), changed);
    }),
    { numRuns: 50 },
  );
  const plain = encodeRecoveryKey(new Uint8Array(32).fill(7)).replaceAll(' ', '');
  const refused = [...plain].filter((letter, at) => {
    const changed = plain.slice(0, at) + (letter === 'z' ? 'y' : 'z') + plain.slice(at + 1);
    return decodeRecoveryKey(changed) === undefined;
  });
  assert.ok(refused.length >= plain.length - 2, `${refused.length} of ${plain.length} changes are refused`);
});

test('a wrong parity byte is refused, and so is a wrong header', () => {
  const plain = encodeRecoveryKey(Uint8Array.from({ length: 32 }, (_, index) => index)).replaceAll(' ', '');
  const letters = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  for (const letter of letters) {
    if (letter !== plain.at(-1)) assert.equal(decodeRecoveryKey(plain.slice(0, -1) + letter), undefined, letter);
    if (letter !== plain.at(0)) assert.equal(decodeRecoveryKey(letter + plain.slice(1)), undefined, letter);
  }
});

test('a secret opens with its key and its name only', async () => {
  const key = environment.randomBytes(32);
  const secret = await encryptSecret(environment, { key, name: 'm.cross_signing.master', secret: 'words' });
  const read = (k: Uint8Array, name: string, data: object) =>
    decryptSecret(environment, { key: k, name, data: { ...data } });
  assert.equal(await read(key, 'm.cross_signing.master', secret), 'words');
  assert.equal(await read(key, 'm.megolm_backup.v1', secret), undefined);
  assert.equal(await read(environment.randomBytes(32), 'm.cross_signing.master', secret), undefined);
  assert.equal(await read(key, 'm.cross_signing.master', { ...secret, ciphertext: 'AAAA' }), undefined);
  assert.equal(await read(key, 'm.cross_signing.master', {}), undefined);
});

test('a key matches its own description only', async () => {
  const key = environment.randomBytes(32);
  const description = await describeKey(environment, key);
  assert.equal(await matchesDescription(environment, key, description), true);
  assert.equal(await matchesDescription(environment, environment.randomBytes(32), description), false);
  assert.equal(await matchesDescription(environment, key, { ...description, algorithm: 'm.other' }), false);
});

test('what is no recovery key is refused', () => {
  const text = encodeRecoveryKey(new Uint8Array(32).fill(7)).replaceAll(' ', '');
  for (const bad of [
    '',
    'EsTj',
    `${text}1`,
    text.slice(1),
    text.replace(/.$/, '0'),
    text.slice(0, -1) + 'z',
    'z'.repeat(500),
  ]) {
    assert.equal(decodeRecoveryKey(bad), undefined, bad);
  }
});
