/** Encrypted attachments: AES-CTR with a 256-bit key, and the SHA-256 of the ciphertext. */
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes, fromBase64, toBase64, toUrlSafeBase64 } from '../bytes.ts';
import type { ClientEnvironment } from '../environment.ts';
import type { JsonObject } from '../json.ts';
import type { EncryptedFile } from '../timeline/media.ts';

export interface EncryptedAttachment {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The `file` object of the message, without its `url`. */
  readonly file: JsonObject;
}

const CHUNK_BYTES = 1024 * 1024;

function hash(bytes: Uint8Array): Uint8Array {
  const running = sha256.create();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) running.update(bytes.subarray(at, at + CHUNK_BYTES));
  return running.digest();
}

/** Encrypts a file under a key of its own. "The counter block starts with 64 random bits, then 64 zeros." */
export async function encryptAttachment(
  environment: ClientEnvironment,
  plain: Uint8Array<ArrayBuffer>,
): Promise<EncryptedAttachment> {
  const rawKey = environment.randomBytes(32);
  const counter = new Uint8Array(16);
  counter.set(environment.randomBytes(8));
  const key = await environment.subtle.importKey('raw', rawKey, 'AES-CTR', false, ['encrypt']);
  const bytes = new Uint8Array(await environment.subtle.encrypt({ name: 'AES-CTR', counter, length: 64 }, key, plain));
  const jwk = { kty: 'oct', key_ops: ['encrypt', 'decrypt'], alg: 'A256CTR', k: toUrlSafeBase64(rawKey), ext: true };
  return { bytes, file: { v: 'v2', key: jwk, iv: toBase64(counter), hashes: { sha256: toBase64(hash(bytes)) } } };
}

/** Checks the hash and decrypts; `undefined` when the bytes are not those that were sent. */
export async function decryptAttachment(
  environment: ClientEnvironment,
  bytes: Uint8Array<ArrayBuffer>,
  file: EncryptedFile,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [key, counter, wanted] = [fromBase64(file.key), fromBase64(file.iv), fromBase64(file.sha256)];
  if (key?.length !== 32 || counter?.length !== 16 || wanted === undefined) return undefined;
  if (!equalBytes(hash(bytes), wanted)) return undefined;
  const imported = await environment.subtle.importKey('raw', key, 'AES-CTR', false, ['decrypt']);
  return new Uint8Array(await environment.subtle.decrypt({ name: 'AES-CTR', counter, length: 64 }, imported, bytes));
}
