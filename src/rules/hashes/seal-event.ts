/**
 * Making an event of ours, from named fields only: nothing that a peer sent is ever signed as it came.
 *
 * The content is canonicalised once and the same text goes into the content hash, the signed form and the stored
 * event; the keys of an event are known, so their canonical order is written out here.
 */
import { assert } from '../../lib/assert.ts';
import { encodeBase64 } from '../../lib/base64.ts';
import { canonicalJson, canonicalString } from '../../matrix/canonical-json.ts';
import { type Pdu, typePdu } from '../../matrix/events.ts';
import { type EventId, utf8Length } from '../../matrix/ids.ts';
import { copyObject, emptyObject, type JsonObject } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { EVENT_BYTES_MAX } from '../event-format/check-event-format.ts';
import { redactContent } from '../redaction/redact.ts';
import { idOfHash, type Sha256 } from './hashes.ts';

export interface EventFields {
  readonly type: string;
  readonly sender: string;
  /** Absent for the create event of a room version whose room id is that event's hash. */
  readonly roomId?: string | undefined;
  readonly stateKey?: string | undefined;
  readonly content: JsonObject;
  readonly originServerTs: number;
  readonly depth: number;
  readonly authEvents: readonly EventId[];
  readonly prevEvents: readonly EventId[];
  /** Where the room version keeps it outside of the content. */
  readonly redacts?: string | undefined;
}

export interface SealedEvent {
  readonly event: Pdu;
  /** What a signature has to cover. */
  readonly signedText: string;
  /** The canonical text of the event is `head`, its signatures and `tail`: {@link signedEventText}. */
  readonly head: string;
  readonly tail: string;
}

/** An Ed25519 signature in unpadded base64. */
const SIGNATURE_LENGTH = 86;

function member(key: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${key}":${text}`;
}

function quoted(text: string | undefined): string | undefined {
  return text === undefined ? undefined : canonicalString(text);
}

function references(ids: readonly EventId[]): string {
  return `[${ids.map(canonicalString).join(',')}]`;
}

function jsonOf(fields: EventFields, sha256: string): JsonObject {
  const hashes = emptyObject();
  hashes['sha256'] = sha256;
  const json = copyObject({
    auth_events: [...fields.authEvents],
    content: fields.content,
    depth: fields.depth,
    hashes,
    origin_server_ts: fields.originServerTs,
    prev_events: [...fields.prevEvents],
    sender: fields.sender,
    type: fields.type,
  });
  if (fields.roomId !== undefined) json['room_id'] = fields.roomId;
  if (fields.stateKey !== undefined) json['state_key'] = fields.stateKey;
  if (fields.redacts !== undefined) json['redacts'] = fields.redacts;
  return json;
}

/**
 * Hashes an event of ours and gives it its id, which needs no signature. For room versions 3 and later: events of
 * versions 1 and 2 have assigned ids and cite hashes, and are completed by `hashEvent`.
 */
export function sealEvent(fields: EventFields, rules: RoomVersionRules, sha256: Sha256): SealedEvent {
  assert(rules.eventIds !== 'assigned', 'the event id is a hash');
  const content = canonicalJson(fields.content);
  const kept = redactContent(fields.type, fields.content, rules);
  const keptContent = kept === fields.content ? content : canonicalJson(kept);
  const start = `{"auth_events":${references(fields.authEvents)},"content":`;
  const depth = `,"depth":${canonicalJson(fields.depth)}`;
  const timestamp = `,"origin_server_ts":${canonicalJson(fields.originServerTs)}`;
  const middle = `${timestamp},"prev_events":${references(fields.prevEvents)}`;
  const redacts = member('redacts', quoted(fields.redacts));
  const owner = `${member('room_id', quoted(fields.roomId))},"sender":${canonicalString(fields.sender)}`;
  const tail = `${member('state_key', quoted(fields.stateKey))},"type":${canonicalString(fields.type)}}`;
  const hash = encodeBase64(sha256(start + content + depth + middle + redacts + owner + tail));
  const hashes = `,"hashes":{"sha256":"${hash}"}`;
  const signedText = start + keptContent + depth + hashes + middle + owner + tail;
  const eventId = idOfHash(sha256(signedText), rules);
  const json = jsonOf(fields, hash);
  return {
    event: typePdu(json, eventId, rules),
    signedText,
    head: start + content + depth + hashes + middle + redacts + owner,
    tail,
  };
}

/** The canonical text of a sealed event with one signature. */
export function signedEventText(
  sealed: Pick<SealedEvent, 'head' | 'tail'>,
  signature: { readonly entity: string; readonly keyId: string; readonly base64: string },
): string {
  const { entity, keyId, base64 } = signature;
  const signatures = `{${canonicalString(entity)}:{${canonicalString(keyId)}:"${base64}"}}`;
  return `${sealed.head},"signatures":${signatures}${sealed.tail}`;
}

/** Whether a sealed event keeps within the size limit once it is signed; signatures all have one length. */
export function fitsWhenSigned(
  sealed: Pick<SealedEvent, 'head' | 'tail'>,
  signer: { readonly entity: string; readonly keyId: string },
): boolean {
  const text = signedEventText(sealed, { ...signer, base64: 'x'.repeat(SIGNATURE_LENGTH) });
  return text.length * 3 <= EVENT_BYTES_MAX || utf8Length(text) <= EVENT_BYTES_MAX;
}
