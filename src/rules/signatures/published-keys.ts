/** The keys that a server publishes. `content/server-server-api.md`, "Retrieving server keys". */
import { decodeBase64 } from '../../lib/base64.ts';
import { CanonicalJsonError } from '../../matrix/canonical-json.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { asObject, getInteger, getObject, getString, type JsonObject } from '../../matrix/json.ts';
import { type Drop, drop } from '../verdict.ts';
import { isJsonSignedBy, type VerifySignature } from './verify.ts';

export interface PublishedKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  /** When the server stopped using it; `undefined` for a key in use. */
  readonly expiredTs: number | undefined;
}

export interface PublishedKeys {
  readonly keys: readonly PublishedKey[];
  readonly validUntilTs: number;
}

/** Nobody has more keys, and each of them costs a row. */
const KEYS_MAX = 200;
const KEY_BYTES = 32;
/** "The version must have characters matching the regular expression `[a-zA-Z0-9_]`." */
const KEY_ID = /^ed25519:[a-zA-Z0-9_]{1,200}$/;

/**
 * What the answer of a server about its own keys says. "Digital signatures for this object signed using the
 * `verify_keys`": at least one of them, and whichever has signed must have signed rightly. Keys of other algorithms
 * and malformed ones are left out.
 */
export function readPublishedKeys(json: JsonObject, server: ServerName, verify: VerifySignature): PublishedKeys | Drop {
  if (getString(json, 'server_name') !== server) return drop('the keys are those of another server');
  const validUntilTs = getInteger(json, 'valid_until_ts');
  if (validUntilTs === undefined || validUntilTs < 0) return drop('the keys say no time until which they are valid');
  const inUse = readKeys(getObject(json, 'verify_keys'), () => undefined);
  const retired = readKeys(getObject(json, 'old_verify_keys'), (key) => getInteger(key, 'expired_ts') ?? 'malformed');
  if (inUse.length + retired.length > KEYS_MAX) return drop('too many keys');
  const signatures = getObject(getObject(json, 'signatures'), server);
  const signers = inUse.filter(({ keyId }) => getString(signatures, keyId) !== undefined);
  if (signers.length === 0) return drop('the keys are not signed by any of them');
  const isWrong = signers.some((one) => !isSigned(json, { entity: server, ...one }, verify));
  if (isWrong) return drop('the keys carry a wrong signature');
  const names = new Set(inUse.map(({ keyId }) => keyId));
  return { keys: [...inUse, ...retired.filter(({ keyId }) => !names.has(keyId))], validUntilTs };
}

function isSigned(json: JsonObject, signer: Parameters<typeof isJsonSignedBy>[1], verify: VerifySignature): boolean {
  try {
    return isJsonSignedBy(json, signer, verify);
  } catch (error) {
    if (error instanceof CanonicalJsonError) return false;
    throw error;
  }
}

function readKeys(
  keys: JsonObject | undefined,
  expiry: (key: JsonObject) => number | undefined | 'malformed',
): PublishedKey[] {
  const found: PublishedKey[] = [];
  for (const [keyId, value] of Object.entries(keys ?? {})) {
    const key = asObject(value);
    const publicKey = decodeBase64(getString(key, 'key') ?? '');
    if (key === undefined || !KEY_ID.test(keyId) || publicKey?.length !== KEY_BYTES) continue;
    const expiredTs = expiry(key);
    if (expiredTs !== 'malformed') found.push({ keyId, publicKey, expiredTs });
  }
  return found;
}
