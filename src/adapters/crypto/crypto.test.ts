import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCrypto, createNodeCrypto } from './index.ts';
import { loadSodium } from './sodium-crypto.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('the test vector of RFC 8032, 7.1, TEST 2', async () => {
  const seed = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex');
  const publicKey = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
  const signature =
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';
  for (const crypto of [createNodeCrypto(), await createCrypto()]) {
    assert.equal(Buffer.from(crypto.ed25519PublicKey(seed)).toString('hex'), publicKey);
    assert.equal(Buffer.from(crypto.ed25519Sign(seed, new Uint8Array([0x72]))).toString('hex'), signature);
    assert.equal(
      crypto.ed25519Verify(Buffer.from(publicKey, 'hex'), new Uint8Array([0x72]), Buffer.from(signature, 'hex')),
      true,
    );
  }
});

test('sodium and node:crypto make the same keys and signatures and believe each other', async (t) => {
  const sodium = await loadSodium();
  if (sodium === undefined) {
    t.skip('sodium-native does not load here');
    return;
  }
  const node = createNodeCrypto();
  fc.assert(
    fc.property(bytes32, fc.string({ unit: 'grapheme' }), fc.nat(63), (seed, message, at) => {
      const publicKey = node.ed25519PublicKey(seed);
      assert.deepEqual(sodium.ed25519PublicKey(seed), publicKey);
      const signature = Buffer.from(node.ed25519Sign(seed, message));
      assert.deepEqual(Buffer.from(sodium.ed25519Sign(seed, message)), signature);
      const broken = Buffer.from(signature);
      broken[at] = (broken[at] ?? 0) ^ 1;
      for (const crypto of [node, sodium]) {
        assert.equal(crypto.ed25519Verify(publicKey, message, signature), true);
        assert.equal(crypto.ed25519Verify(publicKey, message, broken), false);
        assert.equal(crypto.ed25519Verify(publicKey, `${message}.`, signature), false);
      }
    }),
    { numRuns: 50 },
  );
});

test('keys and signatures of a wrong length do not hold', async () => {
  for (const crypto of [createNodeCrypto(), await createCrypto()]) {
    assert.equal(crypto.ed25519Verify(Buffer.alloc(31), 'x', Buffer.alloc(64)), false);
    assert.equal(crypto.ed25519Verify(Buffer.alloc(32, 0xff), 'x', Buffer.alloc(64)), false);
    assert.equal(crypto.ed25519Verify(Buffer.alloc(32), 'x', Buffer.alloc(63)), false);
  }
});

test('hashes and comparison', () => {
  const crypto = createNodeCrypto();
  assert.equal(
    Buffer.from(crypto.sha256('abc')).toString('hex'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  assert.equal(
    Buffer.from(crypto.hmacSha1('Jefe', 'what do ya want for nothing?')).toString('hex'),
    'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  );
  // RFC 4231, test case 2
  assert.equal(
    Buffer.from(crypto.hmacSha256(Buffer.from('Jefe'), 'what do ya want for nothing?')).toString('hex'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
  assert.equal(crypto.equals(Buffer.from('ab'), Buffer.from('ab')), true);
  assert.equal(crypto.equals(Buffer.from('ab'), Buffer.from('ac')), false);
  assert.equal(crypto.equals(Buffer.from('ab'), Buffer.from('abc')), false);
});
