import { Buffer } from 'node:buffer';
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { Crypto } from '../../ports/crypto.ts';

/** DER in front of the 32 bytes of a private key (PKCS #8) and of a public key (SPKI): RFC 8410, sections 7 and 4. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const CACHED_KEYS_MAX = 4096;

function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: 'der', type: 'spki' });
}

/** Making a KeyObject costs more than a verification: keeps those in use, the oldest leaves first. */
class KeyCache {
  readonly #make: (bytes: Uint8Array) => KeyObject;
  readonly #keys = new Map<string, KeyObject>();

  constructor(make: (bytes: Uint8Array) => KeyObject) {
    this.#make = make;
  }

  get(bytes: Uint8Array): KeyObject {
    const name = Buffer.from(bytes).toString('latin1');
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = this.#make(bytes);
    if (this.#keys.size >= CACHED_KEYS_MAX) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    this.#keys.set(name, key);
    return key;
  }
}

function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
}

/** The Crypto port by `node:crypto` alone. */
export function createNodeCrypto(): Crypto {
  const privateKeys = new KeyCache(privateKeyOf);
  const publicKeys = new KeyCache(publicKeyOf);
  return {
    sha256: (data) => hash('sha256', data, 'buffer'),
    sha1: (data) => hash('sha1', data, 'buffer'),
    hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
    ed25519Sign: (seed, message) => sign(null, bytesOf(message), privateKeys.get(seed)),
    ed25519Verify(publicKey, message, signature) {
      if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
      try {
        return verify(null, bytesOf(message), publicKeys.get(publicKey), signature);
      } catch {
        // Bytes that are no point of the curve: whoever sent them, the signature does not hold.
        return false;
      }
    },
    ed25519PublicKey(seed) {
      const der = createPublicKey(privateKeys.get(seed)).export({ format: 'der', type: 'spki' });
      return new Uint8Array(der.subarray(PUBLIC_PREFIX.length));
    },
    ed25519SignAside: (seed, message) =>
      new Promise((resolve, reject) => {
        sign(null, bytesOf(message), privateKeys.get(seed), (error, signature) =>
          error === null ? resolve(signature) : reject(error),
        );
      }),
    ed25519VerifyAside(publicKey, message, signature) {
      if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return Promise.resolve(false);
      return new Promise((resolve) => {
        // Bytes that are no point of the curve are an error: whoever sent them, the signature does not hold.
        verify(null, bytesOf(message), publicKeys.get(publicKey), signature, (error, isRight) =>
          resolve(error === null && isRight),
        );
      });
    },
    equals: (left, right) => left.length === right.length && timingSafeEqual(left, right),
  };
}
