import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { Aside } from './aside.ts';
import { createCrypto, createNodeCrypto } from './index.ts';

const SEED = Buffer.alloc(32, 7);

describe('signatures by another thread', () => {
  it('are those that this one makes, each to its text, however many are asked for at a time', async () => {
    for (const crypto of [createNodeCrypto(), await createCrypto()]) {
      const texts = Array.from({ length: 200 }, (_, index) => `text ${index} ${'ü'.repeat(index)}`);
      const signatures = await Promise.all(texts.map((text) => crypto.ed25519SignAside(SEED, text)));
      for (const [index, text] of texts.entries())
        assert.deepEqual(Buffer.from(signatures[index] ?? []), Buffer.from(crypto.ed25519Sign(SEED, text)));
    }
  });

  it('are judged as this one judges them, the wrong among the right', async () => {
    for (const crypto of [createNodeCrypto(), await createCrypto()]) {
      const publicKey = crypto.ed25519PublicKey(SEED);
      const verdicts = await Promise.all(
        Array.from({ length: 200 }, (_, index) => {
          const signature = crypto.ed25519Sign(SEED, `text ${index}`);
          return crypto.ed25519VerifyAside(publicKey, index % 7 === 0 ? 'another text' : `text ${index}`, signature);
        }),
      );
      assert.deepEqual(
        verdicts,
        verdicts.map((_, index) => index % 7 !== 0),
      );
    }
  });

  it('of a wrong length do not hold, nor do keys that are no point of the curve', async () => {
    for (const crypto of [createNodeCrypto(), await createCrypto()]) {
      const signature = crypto.ed25519Sign(SEED, 'x');
      const publicKey = crypto.ed25519PublicKey(SEED);
      assert.equal(await crypto.ed25519VerifyAside(publicKey.subarray(1), 'x', signature), false);
      assert.equal(await crypto.ed25519VerifyAside(publicKey, 'x', signature.subarray(1)), false);
      assert.equal(await crypto.ed25519VerifyAside(Buffer.alloc(32, 0xff), 'x', signature), false);
      assert.equal(await crypto.ed25519VerifyAside(publicKey, 'x', signature), true);
    }
  });

  it('are made while others are verified', async () => {
    const crypto = await createCrypto();
    const publicKey = crypto.ed25519PublicKey(SEED);
    const made = crypto.ed25519SignAside(SEED, 'a');
    const verdict = crypto.ed25519VerifyAside(publicKey, 'a', crypto.ed25519Sign(SEED, 'a'));
    assert.equal(await crypto.ed25519VerifyAside(publicKey, 'a', await made), true);
    assert.equal(await verdict, true);
  });

  it('are made here where that thread ends', async () => {
    const here = createNodeCrypto();
    const aside = new Aside(here, new URL('data:text/javascript,process.exit(1)'));
    const publicKey = here.ed25519PublicKey(SEED);
    for (const text of ['while it ends', 'and after']) {
      const signature = await aside.sign(SEED, text);
      assert.deepEqual(await Promise.all([text, 'x'].map((one) => aside.verify(publicKey, one, signature))), [
        true,
        false,
      ]);
    }
  });
});
