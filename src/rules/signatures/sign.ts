/** Signing JSON and events. `content/appendices.md`, "Signing JSON"; the key arrives as a function. */
import { encodeBase64 } from '../../lib/base64.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { copyObject, emptyObject, getObject, type JsonObject, omitKeys } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { signedText } from '../hashes/hashes.ts';

export interface Signer {
  /** The entity that signs: a server name, or a user id for cross-signing. */
  readonly entity: string;
  /** Algorithm and version, `ed25519:abc`. */
  readonly keyId: string;
  /** Signs the UTF-8 of a text. */
  readonly sign: (text: string) => Uint8Array;
}

/** `object` with one more signature among its `signatures`; those it has stay. */
export function withSignature(object: JsonObject, entity: string, keyId: string, signature: string): JsonObject {
  const signatures = copyObject(getObject(object, 'signatures') ?? emptyObject());
  const ofEntity = copyObject(getObject(signatures, entity) ?? emptyObject());
  ofEntity[keyId] = signature;
  signatures[entity] = ofEntity;
  return copyObject(object, { signatures });
}

/** The text that a signature of a plain JSON object covers: without `signatures` and `unsigned`. */
export function signedJsonText(object: JsonObject): string {
  return canonicalJson(omitKeys(object, 'signatures', 'unsigned'));
}

/** A copy of `object` that carries the signer's signature. */
export function signJson(object: JsonObject, signer: Signer): JsonObject {
  return withSignature(object, signer.entity, signer.keyId, encodeBase64(signer.sign(signedJsonText(object))));
}

/** A copy of `event` that carries the signer's signature over its redacted form. Its hashes must be there already. */
export function signEvent(event: JsonObject, rules: RoomVersionRules, signer: Signer): JsonObject {
  return withSignature(event, signer.entity, signer.keyId, encodeBase64(signer.sign(signedText(event, rules))));
}
