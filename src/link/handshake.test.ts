import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { createCrypto } from '../adapters/crypto/index.ts';
import { decodeBase64, encodeBase64 } from '../lib/base64.ts';
import type { Crypto } from '../ports/crypto.ts';
import { type Hello, provesHello, readHello, readWelcome, writeHello, writeWelcome } from './handshake.ts';

const context = {} as { crypto: Crypto };
before(async () => {
  context.crypto = await createCrypto();
});

function scene() {
  const { crypto } = context;
  const [dialler, listener, stranger] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const publicKey = (seed: Uint8Array) => crypto.ed25519PublicKey(seed);
  const hello: Hello = {
    dialler: publicKey(dialler),
    session: randomBytes(16),
    isNew: true,
    lane: 1,
    received: 12_345_678_901,
  };
  const binding = randomBytes(32);
  const text = writeHello(hello, binding, { crypto, seed: dialler, other: publicKey(listener) });
  return { crypto, dialler, listener, stranger, publicKey, hello, binding, text };
}

/** The text with one bit of its bytes turned over. */
function flipped(text: string, bit: number): string {
  const bytes = decodeBase64(text);
  assert.ok(bytes !== undefined);
  const at = Math.floor(bit / 8) % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
  return encodeBase64(bytes);
}

describe('a hello', () => {
  it('is read as it was written, and proves who says it', () => {
    const { crypto, listener, hello, binding, text } = scene();
    const read = readHello(text);
    assert.ok(read !== undefined);
    assert.deepEqual(
      { ...read, dialler: encodeBase64(read.dialler), session: encodeBase64(read.session) },
      { ...hello, dialler: encodeBase64(hello.dialler), session: encodeBase64(hello.session) },
    );
    assert.ok(provesHello(text, binding, { crypto, seed: listener }));
  });

  it('proves nothing in another channel, so that it can neither be repeated nor passed on', () => {
    const { crypto, listener, text } = scene();
    assert.equal(provesHello(text, randomBytes(32), { crypto, seed: listener }), false);
  });

  it('proves nothing to somebody else', () => {
    const { crypto, stranger, binding, text } = scene();
    assert.equal(provesHello(text, binding, { crypto, seed: stranger }), false);
  });

  it('proves nothing where it names a key that its speaker does not hold', () => {
    const { crypto, listener, stranger, publicKey, hello, binding } = scene();
    const text = writeHello(hello, binding, { crypto, seed: stranger, other: publicKey(listener) });
    assert.equal(provesHello(text, binding, { crypto, seed: listener }), false);
  });

  it('proves nothing where a bit of it is another', () => {
    const { crypto, listener, binding, text } = scene();
    fc.assert(
      fc.property(fc.nat(8 * 122), (bit) => {
        assert.equal(provesHello(flipped(text, bit), binding, { crypto, seed: listener }), false);
      }),
    );
  });

  it('is nothing else', () => {
    const { text } = scene();
    for (const other of ['', 'x', text.slice(1), `${text}AAAA`, 'A'.repeat(10_000)]) {
      assert.equal(readHello(other), undefined);
      assert.equal(provesHello(other, randomBytes(32), { crypto: context.crypto, seed: randomBytes(32) }), false);
    }
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (other) => void readHello(other)));
  });
});

describe('a welcome', () => {
  it('is read as it was written, by whoever said the hello', () => {
    const { crypto, listener, publicKey, binding, text } = scene();
    const welcome = writeWelcome({ isKnown: true, received: 77 }, text, binding, { crypto, seed: listener });
    const other = publicKey(listener);
    assert.deepEqual(readWelcome(welcome, text, binding, { crypto, other }), { isKnown: true, received: 77 });
  });

  it('is none of another key, to another hello, in another channel, or with another bit', () => {
    const { crypto, listener, stranger, publicKey, binding, text } = scene();
    const welcome = writeWelcome({ isKnown: false, received: 0 }, text, binding, { crypto, seed: listener });
    const other = publicKey(listener);
    assert.ok(readWelcome(welcome, text, binding, { crypto, other }) !== undefined);
    assert.equal(readWelcome(welcome, text, binding, { crypto, other: publicKey(stranger) }), undefined);
    assert.equal(readWelcome(welcome, scene().text, binding, { crypto, other }), undefined);
    assert.equal(readWelcome(welcome, text, randomBytes(32), { crypto, other }), undefined);
    fc.assert(
      fc.property(fc.nat(8 * 73 - 1), (bit) => {
        assert.equal(readWelcome(flipped(welcome, bit), text, binding, { crypto, other }), undefined);
      }),
    );
  });

  it('is no hello', () => {
    const { crypto, listener, publicKey, binding, text } = scene();
    assert.equal(readWelcome(text, text, binding, { crypto, other: publicKey(listener) }), undefined);
  });
});
