/** Check 1 on receipt of a PDU: "it must comply with the event format of that room version", else it is dropped. */
import { canonicalJson, CanonicalJsonError } from '../../matrix/canonical-json.ts';
import { DEPTH_MAX } from '../../matrix/events.ts';
import { IDENTIFIER_BYTES_MAX, parseEventId, parseRoomId, parseUserId, utf8Length } from '../../matrix/ids.ts';
import { asObject, getString, hasKey, type JsonObject, type JsonValue, RawNumber } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { ACCEPT, drop, type FormatVerdict } from '../verdict.ts';

/** "The complete event MUST NOT be larger than 65536 bytes." */
export const EVENT_BYTES_MAX = 65_536;
/** "Must contain less than or equal to 10 events." */
export const AUTH_EVENTS_MAX = 10;
/** "Must contain less than or equal to 20 events." */
export const PREV_EVENTS_MAX = 20;

/** The size of an event as the limit counts it: canonical JSON, signatures included. */
export function eventBytes(event: JsonObject, rules: RoomVersionRules): number {
  return utf8Length(canonicalJson(event, { rawNumbers: !rules.strictCanonicalJson }));
}

function isShortString(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && utf8Length(value) <= IDENTIFIER_BYTES_MAX;
}

function isReference(value: JsonValue, rules: RoomVersionRules): boolean {
  if (rules.eventReferences === 'ids') return typeof value === 'string' && parseEventId(value) !== undefined;
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [id, hashes] = value;
  return typeof id === 'string' && parseEventId(id) !== undefined && asObject(hashes) !== undefined;
}

function areReferences(value: JsonValue | undefined, max: number, rules: RoomVersionRules): boolean {
  return Array.isArray(value) && value.length <= max && value.every((item) => isReference(item, rules));
}

function isDepth(value: JsonValue | undefined, rules: RoomVersionRules): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  // Up to version 5 the limit is 2^63 - 1: integers beyond a double's arrive as raw numbers.
  const isRaw = !rules.strictCanonicalJson && value instanceof RawNumber && /^[0-9]{1,19}$/.test(value.text);
  return isRaw && BigInt(value.text) < 2n ** 63n;
}

function isTimestamp(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function areSignatures(value: JsonValue | undefined): boolean {
  const servers = asObject(value);
  if (servers === undefined) return false;
  return Object.keys(servers).every((server) => {
    const keys = asObject(servers[server]);
    return keys !== undefined && Object.keys(keys).every((key) => typeof keys[key] === 'string');
  });
}

/** Why the event's room id is wrong, or `undefined`. */
function roomIdProblem(event: JsonObject, rules: RoomVersionRules): string | undefined {
  const isCreate = event['type'] === 'm.room.create' && event['state_key'] === '';
  // Whether a create event may have one is an authorisation rule (version 12, rule 1.2).
  if (rules.roomIdIsCreateHash && isCreate && !hasKey(event, 'room_id')) return undefined;
  const roomId = getString(event, 'room_id');
  if (roomId === undefined || parseRoomId(roomId) === undefined) return 'room_id is no room id';
  if (rules.roomIdIsCreateHash && roomId.includes(':') && !isCreate) return 'room_id has a domain';
  return undefined;
}

function problemOf(event: JsonObject, rules: RoomVersionRules): string | undefined {
  if (!isShortString(event['type'])) return 'type is no string of at most 255 bytes';
  const sender = event['sender'];
  if (typeof sender !== 'string' || parseUserId(sender) === undefined) return 'sender is no user id';
  if (hasKey(event, 'state_key') && !isShortString(event['state_key'])) {
    return 'state_key is no string of at most 255 bytes';
  }
  const room = roomIdProblem(event, rules);
  if (room !== undefined) return room;
  if (rules.eventIds === 'assigned') {
    const eventId = getString(event, 'event_id');
    if (eventId === undefined || parseEventId(eventId) === undefined) return 'event_id is no event id';
  }
  if (asObject(event['content']) === undefined) return 'content is no object';
  if (!isTimestamp(event['origin_server_ts'])) return 'origin_server_ts is no integer';
  if (!isDepth(event['depth'], rules)) return `depth is no integer from 0 to ${DEPTH_MAX}`;
  if (getString(asObject(event['hashes']), 'sha256') === undefined) return 'hashes has no sha256';
  if (!areSignatures(event['signatures'])) return 'signatures is no map of servers to keys to strings';
  if (!areReferences(event['auth_events'], AUTH_EVENTS_MAX, rules))
    return 'auth_events is no list of at most 10 events';
  if (!areReferences(event['prev_events'], PREV_EVENTS_MAX, rules))
    return 'prev_events is no list of at most 20 events';
  if (hasKey(event, 'unsigned') && asObject(event['unsigned']) === undefined) return 'unsigned is no object';
  return undefined;
}

/** What the parser saw of an event's text. */
export interface EventSource {
  /** Bytes of the text; the canonical form never has more. */
  readonly bytes: number;
  /** Whether a number in it is not canonical JSON. */
  readonly hasRawNumbers: boolean;
}

/** Judges size and numbers by writing the canonical form. */
function checkCanonical(event: JsonObject, rules: RoomVersionRules): FormatVerdict {
  try {
    const bytes = eventBytes(event, rules);
    return bytes <= EVENT_BYTES_MAX ? ACCEPT : drop(`${bytes} bytes`);
  } catch (error) {
    // "Servers MUST strictly enforce the JSON format": such a number also hides in parts that nobody reads.
    if (error instanceof CanonicalJsonError) return drop(error.message);
    throw error;
  }
}

/**
 * Whether `event` has the format of its room version: fields, types, sizes and, from version 6 on, canonical
 * numbers anywhere in it. With `source`, what the strict parser saw, small events need no canonical form for that.
 */
export function checkEventFormat(event: JsonValue, rules: RoomVersionRules, source?: EventSource): FormatVerdict {
  const object = asObject(event);
  if (object === undefined) return drop('not an object');
  const problem = problemOf(object, rules);
  if (problem !== undefined) return drop(problem);
  const isPlain = source !== undefined && source.bytes <= EVENT_BYTES_MAX && !source.hasRawNumbers;
  return isPlain ? ACCEPT : checkCanonical(object, rules);
}
