/** The key of a server that the bench plays, and the document that publishes it. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { encodeBase64 } from '../../lib/base64.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { signJson, type Signer } from '../../rules/signatures/sign.ts';

const KEY_ID = 'ed25519:bench';
const DAY_MS = 24 * 3_600_000;
/** RFC 8410: what stands before the 32 bytes of a public key. */
const SPKI_PREFIX_BYTES = 12;

export interface ServerKey extends Signer {
  readonly publicKey: Uint8Array;
}

export const sha256 = (data: Uint8Array | string): Uint8Array => createHash('sha256').update(data).digest();

/** A new key of a server. */
export function makeServerKey(entity: ServerName): ServerKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    entity,
    keyId: KEY_ID,
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX_BYTES),
    sign: (text) => sign(null, Buffer.from(text), privateKey),
  };
}

/** The answer of `GET /_matrix/key/v2/server`. */
export function keyDocument(key: ServerKey, nowMs: number): string {
  const document = {
    server_name: key.entity,
    valid_until_ts: nowMs + DAY_MS,
    verify_keys: { [key.keyId]: { key: encodeBase64(key.publicKey) } },
    old_verify_keys: {},
  };
  return canonicalJson(signJson(document, key));
}
