/**
 * Events of a room as the rules see them: the JSON of the PDU with the fields that decisions read, already typed.
 */
import type { EventId, RoomId, UserId } from './ids.ts';
import { getString, type JsonObject, type JsonValue, RawNumber } from './json.ts';
import type { RoomVersionRules } from './room-versions.ts';

/** A PDU whose format has been checked. */
export interface Pdu {
  readonly eventId: EventId;
  /** Also for the create event of room versions whose room id is that event's hash. */
  readonly roomId: RoomId;
  readonly sender: UserId;
  readonly type: string;
  /** Present in state events only; only such events ever act as state. */
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
  readonly originServerTs: number;
  /** Untrusted: never order by it outside the state resolution of room version 1. At most 2^53-1. */
  readonly depth: number;
  readonly authEvents: readonly EventId[];
  readonly prevEvents: readonly EventId[];
  /** The event that a redaction names, wherever the room version keeps it. */
  readonly redacts: string | undefined;
  /** The event in the federation format. */
  readonly json: JsonObject;
}

declare const brand: unique symbol;
/** The pair (event type, state key) as one string, unique for every pair whatever characters the two hold. */
export type StateKey = string & { readonly [brand]: 'StateKey' };

/** Which event is the state under each pair. */
export type StateMap = ReadonlyMap<StateKey, EventId>;

/** Finds the event of a room's state under a type and state key. */
export type StateLookup = (type: string, stateKey: string) => Pdu | undefined;

/** Finds an event by its id, from what the caller has at hand. */
export type FetchEvent = (eventId: EventId) => Pdu | undefined;

/** "If the room's depth is already at the limit, the depth must be set to the limit." */
export const DEPTH_MAX = Number.MAX_SAFE_INTEGER;

/** Joins a type and a state key into one string that no other pair has. */
export function stateKeyOf(type: string, stateKey: string): StateKey {
  return `${type.length}:${type}${stateKey}` as StateKey;
}

/** The type and state key that {@link stateKeyOf} joined. */
export function splitStateKey(key: StateKey): { readonly type: string; readonly stateKey: string } {
  const colon = key.indexOf(':');
  const end = colon + 1 + Number(key.slice(0, colon));
  return { type: key.slice(colon + 1, end), stateKey: key.slice(end) };
}

/** The state key pair of a state event; `undefined` for other events. */
export function stateKeyOfEvent(event: Pick<Pdu, 'type' | 'stateKey'>): StateKey | undefined {
  return event.stateKey === undefined ? undefined : stateKeyOf(event.type, event.stateKey);
}

/** The depth of an event that follows events of these depths. */
export function nextDepth(depths: Iterable<number>): number {
  let deepest = 0;
  for (const depth of depths) deepest = Math.max(deepest, depth);
  return Math.min(deepest + 1, DEPTH_MAX);
}

/** A lookup over a handful of state events; later ones replace earlier ones of the same pair. */
export function stateLookupOf(events: Iterable<Pdu>): StateLookup {
  const byKey = new Map<StateKey, Pdu>();
  for (const event of events) {
    const key = stateKeyOfEvent(event);
    if (key !== undefined) byKey.set(key, event);
  }
  return (type, stateKey) => byKey.get(stateKeyOf(type, stateKey));
}

function numberOf(value: JsonValue | undefined): number {
  if (value instanceof RawNumber) return value.value;
  return typeof value === 'number' ? value : 0;
}

function referencesOf(value: JsonValue | undefined, form: RoomVersionRules['eventReferences']): EventId[] {
  if (!Array.isArray(value)) return [];
  if (form === 'ids') return value as EventId[];
  return value.map((pair) => (Array.isArray(pair) ? pair[0] : pair) as EventId);
}

/** The room id that a create event's id stands for: "the event ID with sigil `!` instead of `$`". */
export function roomIdOfCreate(eventId: EventId): RoomId {
  return `!${eventId.slice(1)}` as RoomId;
}

/** The id of the create event of a room whose id is that event's hash. */
export function createEventIdOf(roomId: RoomId): EventId {
  return `$${roomId.slice(1)}` as EventId;
}

/**
 * Types the fields of a PDU whose format has been checked, or that we stored after such a check. Its event id is
 * known by then: assigned, or hashed.
 */
export function typePdu(json: JsonObject, eventId: EventId, rules: RoomVersionRules): Pdu {
  const type = getString(json, 'type') ?? '';
  const content = json['content'] as JsonObject;
  const roomId = getString(json, 'room_id') as RoomId | undefined;
  const inContent = type === 'm.room.redaction' ? content : undefined;
  const redactsOf = rules.redactsInContent ? inContent : json;
  return {
    eventId,
    roomId: roomId ?? roomIdOfCreate(eventId),
    sender: json['sender'] as UserId,
    type,
    stateKey: getString(json, 'state_key'),
    content,
    originServerTs: numberOf(json['origin_server_ts']),
    depth: Math.min(numberOf(json['depth']), DEPTH_MAX),
    authEvents: referencesOf(json['auth_events'], rules.eventReferences),
    prevEvents: referencesOf(json['prev_events'], rules.eventReferences),
    // Only of a redaction does the content's `redacts` mean anything; of other events it is their own business.
    redacts: getString(redactsOf, 'redacts'),
    json,
  };
}
