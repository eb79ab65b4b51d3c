/** Content hash, reference hash and event id. `content/server-server-api.md`, "Signing Events". */
import { decodeBase64, encodeBase64, encodeBase64Url } from '../../lib/base64.ts';
import { equalBytes } from '../../lib/bytes.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import type { EventId } from '../../matrix/ids.ts';
import { copyObject, emptyObject, getObject, getString, type JsonObject, omitKeys } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { redact } from '../redaction/redact.ts';

/** SHA-256 of bytes, or of the UTF-8 of a text. */
export type Sha256 = (data: Uint8Array | string) => Uint8Array;

/** Canonical JSON of an event under its room version: versions 1 to 5 keep odd numbers as they were written. */
function canonicalEvent(event: JsonObject, rules: RoomVersionRules): string {
  return canonicalJson(event, { rawNumbers: !rules.strictCanonicalJson });
}

/**
 * "First, any existing `unsigned`, `signatures`, and `hashes` properties are removed. The resulting object is then
 * encoded as Canonical JSON, and the JSON is hashed using SHA-256." In unpadded base64.
 */
export function contentHash(event: JsonObject, rules: RoomVersionRules, sha256: Sha256): string {
  return encodeBase64(sha256(canonicalEvent(omitKeys(event, ...NOT_IN_CONTENT_HASH), rules)));
}

/**
 * The text that both the reference hash and the signatures of an event cover: the canonical JSON of its redacted
 * form without `signatures` and `unsigned`.
 */
export function signedText(event: JsonObject, rules: RoomVersionRules): string {
  const redacted = redact(event, rules);
  // A fresh object of ours, so that taking members out of it touches nobody else's.
  delete redacted['signatures'];
  delete redacted['unsigned'];
  return canonicalEvent(redacted, rules);
}

/** The event id that stands for a reference hash, in room versions whose ids are hashes. */
function idOfHash(hash: Uint8Array, rules: RoomVersionRules): EventId {
  return `$${rules.eventIds === 'base64' ? encodeBase64(hash) : encodeBase64Url(hash)}` as EventId;
}

/** The SHA-256 over {@link signedText}. */
export function referenceHash(event: JsonObject, rules: RoomVersionRules, sha256: Sha256): Uint8Array {
  return sha256(signedText(event, rules));
}

/** The event's id: its `event_id` in room versions 1 and 2, else its reference hash. */
export function eventIdOf(event: JsonObject, rules: RoomVersionRules, sha256: Sha256): EventId {
  if (rules.eventIds === 'assigned') return (getString(event, 'event_id') ?? '') as EventId;
  return idOfHash(referenceHash(event, rules, sha256), rules);
}

/** The event's id, and the text that its signatures cover: both at the cost of one of them. */
export function identify(
  event: JsonObject,
  rules: RoomVersionRules,
  sha256: Sha256,
): { readonly eventId: EventId; readonly signedText: string } {
  const text = signedText(event, rules);
  const isAssigned = rules.eventIds === 'assigned';
  const eventId = isAssigned ? eventIdOf(event, rules, sha256) : idOfHash(sha256(text), rules);
  return { eventId, signedText: text };
}

/** The members of an event that its content hash does not cover. */
export const NOT_IN_CONTENT_HASH: readonly string[] = ['unsigned', 'signatures', 'hashes'];

/**
 * Whether the event's `hashes.sha256` is its content hash. When not, "the receiving server should use the redacted
 * copy it calculated rather than the full copy it received".
 */
export function hasValidContentHash(event: JsonObject, rules: RoomVersionRules, sha256: Sha256): boolean {
  return claimsContentHash(event, canonicalEvent(omitKeys(event, ...NOT_IN_CONTENT_HASH), rules), sha256);
}

/** The same, where the text that the hash covers is known. */
export function claimsContentHash(event: JsonObject, hashedText: string, sha256: Sha256): boolean {
  const claimed = getString(getObject(event, 'hashes'), 'sha256');
  const bytes = claimed === undefined ? undefined : decodeBase64(claimed);
  return bytes !== undefined && equalBytes(bytes, sha256(hashedText));
}

export interface HashedEvent {
  /** The event with `hashes`, without signatures. */
  readonly json: JsonObject;
  readonly eventId: EventId;
  /** What our signature has to cover. */
  readonly signedText: string;
}

/**
 * Completes an event of ours: its content hash, its id and the text to sign, with one canonical pass for each hash.
 * The id needs no signature, so the room goes on before anything is signed.
 */
export function hashEvent(event: JsonObject, rules: RoomVersionRules, sha256: Sha256): HashedEvent {
  const hashes = emptyObject();
  hashes['sha256'] = contentHash(event, rules, sha256);
  const json = copyObject(event, { hashes });
  return { json, ...identify(json, rules, sha256) };
}
