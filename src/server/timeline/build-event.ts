/**
 * Builds an event of ours as text. The content is canonicalised once and spliced into the text that is hashed, the
 * PDU and the answers (PERFORMANCE §2.2). Pure: the hash function is an argument.
 */
import { assert, present } from '../../lib/assert.ts';
import { encodeBase64, encodeBase64Url } from '../../lib/base64.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { requireCanonical } from '../../matrix/json-input.ts';
import type { Pdu } from '../../matrix/events.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { withEventSignature } from '../../matrix/event-signature.ts';
import { type EventId, type RoomId, type UserId, utf8Length } from '../../matrix/ids.ts';
import { asObject, type JsonObject, type JsonValue } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { referenceHash } from '../../rules/hashes/hashes.ts';
import { redactContent } from '../../rules/redaction/redact.ts';

/** "The complete event MUST NOT be larger than 65536 bytes, when formatted with the federation event format." */
export const EVENT_BYTES_MAX = 65_536;
/** "sender, room_id, event_id, type and state_key MUST NOT exceed 255 bytes." */
const FIELD_BYTES_MAX = 255;

/** An event that another one cites. */
export interface CitedEvent {
  readonly eventId: EventId;
  readonly pdu?: Pdu;
  /** Its reference hash in base64, where the event itself is not here: room versions 1 and 2 cite both. */
  readonly sha256?: string;
  /** It is not here, so that without a hash that was told it is cited without one. */
  readonly isElsewhere?: boolean;
}

export interface EventInput {
  readonly rules: RoomVersionRules;
  /** Absent for the create event of a room whose id is that event's hash. */
  readonly roomId: RoomId | undefined;
  readonly sender: UserId;
  readonly type: string;
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
  /** Set for a redaction in room versions that keep it beside the content. */
  readonly redacts: EventId | undefined;
  readonly originServerTs: number;
  readonly depth: number;
  readonly authEvents: readonly CitedEvent[];
  readonly prevEvents: readonly CitedEvent[];
}

export interface BuildTools {
  readonly sha256: (data: Uint8Array | string) => Uint8Array;
  readonly serverName: string;
  readonly keyId: string;
  /** Text for the local part of an event id, in the room versions where ids are assigned. */
  readonly assignedId: () => string;
}

export interface BuiltEvent {
  readonly pdu: Pdu;
  /** Without signatures. */
  readonly json: string;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly contentText: string;
  readonly sign: {
    readonly keyId: string;
    readonly serverName: string;
    readonly insertAt: number;
    readonly redactedContent: string;
    readonly signedText?: string;
  };
}

/** Builds and hashes an event. Throws `M_TOO_LARGE` where it is over the specification's limits. */
export function buildEvent(input: EventInput, tools: BuildTools): BuiltEvent {
  const { rules, content } = input;
  checkFields(input);
  const contentText = requireCanonical(content);
  const assigned = rules.eventIds === 'assigned' ? `$${tools.assignedId()}:${tools.serverName}` : undefined;
  const before = `{"auth_events":${references(input.authEvents, rules, tools)},"content":`;
  const depth = `,"depth":${input.depth}${assigned === undefined ? '' : `,"event_id":${JSON.stringify(assigned)}`}`;
  const previous = references(input.prevEvents, rules, tools);
  const middle = `,"origin_server_ts":${input.originServerTs},"prev_events":${previous}`;
  const redacts = input.redacts === undefined ? '' : `,"redacts":${JSON.stringify(input.redacts)}`;
  const room = input.roomId === undefined ? '' : `,"room_id":${JSON.stringify(input.roomId)}`;
  const sender = `${room},"sender":${JSON.stringify(input.sender)}`;
  const state = input.stateKey === undefined ? '' : `,"state_key":${JSON.stringify(input.stateKey)}`;
  const tail = `${state},"type":${JSON.stringify(input.type)}}`;

  const hash = encodeBase64(tools.sha256(before + contentText + depth + middle + redacts + sender + tail));
  const hashes = `,"hashes":{"sha256":"${hash}"}`;
  const head = before + contentText + depth + hashes + middle + redacts + sender;
  const json = head + tail;
  checkSize(json, tools);

  const redactedContent = canonicalRedacted(input);
  // "redacts" is no member that survives redaction, so neither the reference hash nor the signature covers it.
  const signed = before + redactedContent + depth + hashes + middle + sender + tail;
  const eventId = assigned ?? idOf(tools.sha256(signed), rules);
  return {
    pdu: pduOf(input, eventId as EventId, json),
    json,
    contentStart: before.length,
    contentEnd: before.length + contentText.length,
    contentText,
    sign: {
      keyId: tools.keyId,
      serverName: tools.serverName,
      insertAt: head.length,
      redactedContent,
      ...(redacts !== '' && { signedText: signed }),
    },
  };
}

function canonicalRedacted({ type, content, rules }: EventInput): string {
  // The usual case: a type of which nothing survives.
  if (!rules.redaction.content.has(type)) return '{}';
  return canonicalJson(redactContent(type, content, rules));
}

function idOf(hash: Uint8Array, rules: RoomVersionRules): string {
  return `$${rules.eventIds === 'base64' ? encodeBase64(hash) : encodeBase64Url(hash)}`;
}

/** `auth_events` and `prev_events`: ids, or in room versions 1 and 2 pairs with the reference hash. */
function references(events: readonly CitedEvent[], rules: RoomVersionRules, tools: BuildTools): string {
  if (rules.eventReferences === 'ids') return JSON.stringify(events.map((one) => one.eventId));
  const hashOf = ({ pdu, sha256, isElsewhere }: CitedEvent): string | undefined => {
    if (sha256 !== undefined || isElsewhere === true) return sha256;
    return encodeBase64(referenceHash(present(pdu, 'the cited event is loaded').json, rules, tools.sha256));
  };
  return canonicalJson(
    events.map((one): JsonValue => {
      const sha256 = hashOf(one);
      return [one.eventId, sha256 === undefined ? {} : { sha256 }];
    }),
  );
}

/** Signs a built event at once: one that is not for the store's writer but for another server. */
export function signBuilt(built: BuiltEvent, sign: (text: string) => Uint8Array): string {
  const { json, contentStart, contentEnd } = built;
  const { insertAt, redactedContent, signedText, keyId, serverName } = built.sign;
  const text = signedText ?? json.slice(0, contentStart) + redactedContent + json.slice(contentEnd);
  return withEventSignature(json, { insertAt, serverName, keyId, signature: encodeBase64(sign(text)) });
}

function pduOf(input: EventInput, eventId: EventId, json: string): Pdu {
  let parsed: JsonObject | undefined;
  return {
    eventId,
    roomId: input.roomId ?? (`!${eventId.slice(1)}` as RoomId),
    sender: input.sender,
    type: input.type,
    stateKey: input.stateKey,
    content: input.content,
    originServerTs: input.originServerTs,
    depth: input.depth,
    authEvents: input.authEvents.map((one) => one.eventId),
    prevEvents: input.prevEvents.map((one) => one.eventId),
    redacts: input.redacts ?? contentRedacts(input),
    // Hardly anybody asks for the whole object of an event that we just built: it is made when somebody does.
    get json(): JsonObject {
      parsed ??= present(asObject(parseTrusted(json)), 'an event is an object');
      return parsed;
    },
  };
}

function contentRedacts({ rules, type, content }: EventInput): string | undefined {
  if (!rules.redactsInContent || type !== 'm.room.redaction') return undefined;
  const value = content['redacts'];
  return typeof value === 'string' ? value : undefined;
}

function checkFields({ sender, type, stateKey, roomId }: EventInput): void {
  for (const [name, value] of Object.entries({ sender, type, state_key: stateKey, room_id: roomId })) {
    if (value !== undefined && utf8Length(value) > FIELD_BYTES_MAX) {
      throw new MatrixError('M_TOO_LARGE', `${name} is longer than ${FIELD_BYTES_MAX} bytes`);
    }
  }
}

/** Bytes that the signature will add: its length does not depend on what it signs. */
function signatureBytes({ serverName, keyId }: BuildTools): number {
  return utf8Length(`,"signatures":{${JSON.stringify(serverName)}:{${JSON.stringify(keyId)}:""}}`) + 86;
}

function checkSize(json: string, tools: BuildTools): void {
  // A string of n UTF-16 units has at most 3n bytes, so most events need no exact count.
  if (json.length * 3 + 512 <= EVENT_BYTES_MAX) return;
  const bytes = utf8Length(json) + signatureBytes(tools);
  if (bytes > EVENT_BYTES_MAX)
    throw new MatrixError('M_TOO_LARGE', `The event has ${bytes} bytes, at most 65536 are allowed`);
  assert(bytes > 0, 'an event has bytes');
}
