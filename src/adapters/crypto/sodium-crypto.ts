import { Buffer } from 'node:buffer';
import type { Crypto } from '../../ports/crypto.ts';

/** The part of the Crypto port that sodium does. */
export type Ed25519 = Pick<Crypto, 'ed25519Sign' | 'ed25519Verify' | 'ed25519PublicKey'>;

/** The part of sodium-native that is used. */
interface Sodium {
  crypto_sign_seed_keypair(publicKey: Buffer, secretKey: Buffer, seed: Buffer): void;
  crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void;
  crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean;
}

const PACKAGE = 'sodium-native';
const KEY_BYTES = 32;
const SECRET_BYTES = 64;
const SIGNATURE_BYTES = 64;
const CACHED_KEYS_MAX = 64;

function bufferOf(data: Uint8Array | string): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function ed25519Of(sodium: Sodium): Ed25519 {
  const pairs = new Map<string, { publicKey: Buffer; secretKey: Buffer }>();
  const pairOf = (seed: Uint8Array): { publicKey: Buffer; secretKey: Buffer } => {
    const name = bufferOf(seed).toString('latin1');
    const known = pairs.get(name);
    if (known !== undefined) return known;
    const pair = { publicKey: Buffer.alloc(KEY_BYTES), secretKey: Buffer.alloc(SECRET_BYTES) };
    sodium.crypto_sign_seed_keypair(pair.publicKey, pair.secretKey, bufferOf(seed));
    if (pairs.size >= CACHED_KEYS_MAX) pairs.clear();
    pairs.set(name, pair);
    return pair;
  };
  return {
    ed25519Sign(seed, message) {
      const signature = Buffer.alloc(SIGNATURE_BYTES);
      sodium.crypto_sign_detached(signature, bufferOf(message), pairOf(seed).secretKey);
      return signature;
    },
    ed25519Verify(publicKey, message, signature) {
      if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
      return sodium.crypto_sign_verify_detached(bufferOf(signature), bufferOf(message), bufferOf(publicKey));
    },
    ed25519PublicKey: (seed) => new Uint8Array(pairOf(seed).publicKey),
  };
}

/** Ed25519 by sodium-native; `undefined` where the package is absent or does not load (it needs glibc). */
export async function loadSodium(): Promise<Ed25519 | undefined> {
  try {
    const module = (await import(PACKAGE)) as { default: Sodium };
    return ed25519Of(module.default);
  } catch {
    return undefined;
  }
}
