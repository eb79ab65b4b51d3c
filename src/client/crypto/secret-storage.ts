/** Secret storage, `m.secret_storage.v1.aes-hmac-sha2`: encryption of single secrets, and the key's check. */
import { equalBytes, fromBase64, fromUtf8, toBase64, toUtf8 } from '../bytes.ts';
import type { ClientEnvironment } from '../environment.ts';
import { asString, field, type JsonObject } from '../json.ts';

const SECRET_STORAGE_ALGORITHM = 'm.secret_storage.v1.aes-hmac-sha2';

export interface EncryptedSecret {
  readonly iv: string;
  readonly ciphertext: string;
  readonly mac: string;
}

interface DerivedKeys {
  readonly aes: CryptoKey;
  readonly hmac: CryptoKey;
}

/** "HKDF … SHA-256, 32 bytes of 0 as salt, the secret's name as info … 512 bits: AES key, then HMAC key." */
async function deriveKeys(environment: ClientEnvironment, key: Uint8Array, name: string): Promise<DerivedKeys> {
  const { subtle } = environment;
  const base = await subtle.importKey('raw', key.slice(), 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: toUtf8(name) };
  const bits = new Uint8Array(await subtle.deriveBits(parameters, base, 512));
  const hmacParameters = { name: 'HMAC', hash: 'SHA-256' };
  return {
    aes: await subtle.importKey('raw', bits.slice(0, 32), 'AES-CTR', false, ['encrypt', 'decrypt']),
    hmac: await subtle.importKey('raw', bits.slice(32), hmacParameters, false, ['sign']),
  };
}

/** Encrypts one secret; `name` is its account data type, or '' for the check of the key itself. */
export async function encryptSecret(
  environment: ClientEnvironment,
  options: { key: Uint8Array; name: string; secret: string; iv?: Uint8Array<ArrayBuffer> },
): Promise<EncryptedSecret> {
  const { subtle } = environment;
  const keys = await deriveKeys(environment, options.key, options.name);
  const iv = options.iv ?? environment.randomBytes(16);
  // "set bit 63 of the initialisation vector to 0, to work around differences in AES-CTR implementations"
  iv[8] = (iv[8] ?? 0) & 0x7f;
  const ciphertext = await subtle.encrypt(
    { name: 'AES-CTR', counter: iv, length: 64 },
    keys.aes,
    toUtf8(options.secret),
  );
  const mac = await subtle.sign('HMAC', keys.hmac, ciphertext);
  return { iv: toBase64(iv), ciphertext: toBase64(new Uint8Array(ciphertext)), mac: toBase64(new Uint8Array(mac)) };
}

/** Decrypts one secret; `undefined` when the key is wrong or the data was changed. */
export async function decryptSecret(
  environment: ClientEnvironment,
  options: { key: Uint8Array; name: string; data: JsonObject },
): Promise<string | undefined> {
  const [iv, ciphertext, mac] = ['iv', 'ciphertext', 'mac'].map((name) =>
    fromBase64(asString(field(options.data, name)) ?? '?'),
  );
  if (iv?.length !== 16 || ciphertext === undefined || mac === undefined) return undefined;
  const { subtle } = environment;
  const keys = await deriveKeys(environment, options.key, options.name);
  const wanted = new Uint8Array(await subtle.sign('HMAC', keys.hmac, ciphertext));
  if (!equalBytes(wanted, mac)) return undefined;
  return fromUtf8(
    new Uint8Array(await subtle.decrypt({ name: 'AES-CTR', counter: iv, length: 64 }, keys.aes, ciphertext)),
  );
}

const ZEROS = '\0'.repeat(32);

/** The description of a new key: "encrypt 32 bytes of 0 with an empty name, keep iv and MAC". */
export async function describeKey(environment: ClientEnvironment, key: Uint8Array): Promise<JsonObject> {
  const { iv, mac } = await encryptSecret(environment, { key, name: '', secret: ZEROS });
  return { algorithm: SECRET_STORAGE_ALGORITHM, iv, mac };
}

/** Whether `key` is the one that `description` describes. */
export async function matchesDescription(
  environment: ClientEnvironment,
  key: Uint8Array,
  description: JsonObject,
): Promise<boolean> {
  if (field(description, 'algorithm') !== SECRET_STORAGE_ALGORITHM) return false;
  const iv = fromBase64(asString(field(description, 'iv')) ?? '?');
  const mac = fromBase64(asString(field(description, 'mac')) ?? '?');
  if (iv?.length !== 16 || mac === undefined) return false;
  const made = await encryptSecret(environment, { key, name: '', secret: ZEROS, iv });
  return equalBytes(fromBase64(made.mac) ?? new Uint8Array(), mac);
}
