/** Seals what must not lie readable on the disk: decrypted messages, drafts, tokens. */
import type { ClientEnvironment } from '../environment.ts';
import { fromUtf8, toUtf8 } from '../bytes.ts';

export interface Sealer {
  seal(value: unknown): Promise<Uint8Array<ArrayBuffer>>;
  /** The sealed value; throws when the bytes were not sealed by this key. */
  open(bytes: Uint8Array): Promise<unknown>;
}

const NONCE_BYTES = 12;

/** A sealer with AES-GCM and a fresh nonce for each value. The key may be non-extractable. */
export function createSealer(environment: ClientEnvironment, key: CryptoKey): Sealer {
  return {
    async seal(value) {
      const nonce = environment.randomBytes(NONCE_BYTES);
      const plain = toUtf8(JSON.stringify(value));
      const sealed = new Uint8Array(await environment.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, plain));
      const bytes = new Uint8Array(NONCE_BYTES + sealed.length);
      bytes.set(nonce);
      bytes.set(sealed, NONCE_BYTES);
      return bytes;
    },
    async open(bytes) {
      const nonce = bytes.slice(0, NONCE_BYTES);
      const plain = await environment.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, bytes.slice(NONCE_BYTES));
      return JSON.parse(fromUtf8(new Uint8Array(plain)));
    },
  };
}

/** A new key that the browser will use but never give out. */
export function generateSealingKey(environment: ClientEnvironment): Promise<CryptoKey> {
  return environment.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}
