/** Makes signed events of any room version, with freedom to make them wrong. */
import { randomUUID } from 'node:crypto';
import { encodeBase64 } from '../../../src/lib/base64.ts';
import { type Pdu, typePdu } from '../../../src/matrix/events.ts';
import type { EventId } from '../../../src/matrix/ids.ts';
import { copyObject, type JsonObject, type JsonValue } from '../../../src/matrix/json.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions.ts';
import { eventIdOf, hashEvent, referenceHash } from '../../../src/rules/hashes/hashes.ts';
import { signEvent, type Signer } from '../../../src/rules/signatures/sign.ts';
import { sha256 } from '../../fixtures/ed25519.ts';

/** Members to lay over an object; `undefined` takes one out. */
export type Changes = Readonly<Record<string, JsonValue | undefined>>;

export interface EventFields {
  readonly type: string;
  readonly sender: string;
  readonly stateKey?: string;
  readonly content?: JsonObject;
  /** The event that a redaction means, put where the room version has it. */
  readonly redacts?: string;
  /** The events before it; without, the newest ones of the room. */
  readonly prevEvents?: readonly string[];
  /** Without, those that the state before it calls for. */
  readonly authEvents?: readonly string[];
  readonly depth?: number;
  readonly originServerTs?: number;
  /** Laid over the event before it is hashed and signed: wrong, but properly signed. */
  readonly json?: Changes;
  /** Laid over the event afterwards: its hash or its signatures are then wrong. */
  readonly afterSigning?: Changes;
  /** Who signs, instead of the server whose room this is. */
  readonly signers?: readonly Signer[];
}

export interface EventPlace {
  readonly rules: RoomVersionRules;
  /** Absent in a create event whose hash becomes the room id. */
  readonly roomId: string | undefined;
  readonly prevEvents: readonly Pdu[];
  readonly authEvents: readonly Pdu[];
  /** Ids instead of events, where nobody knows these. */
  readonly unknown: { readonly prevEvents: readonly string[]; readonly authEvents: readonly string[] };
  readonly depth: number;
  readonly originServerTs: number;
  readonly server: string;
  readonly signers: readonly Signer[];
}

/** `object` with the changes. */
export function change(object: JsonObject, changes: Changes | undefined): JsonObject {
  const result = copyObject(object);
  for (const [key, value] of Object.entries(changes ?? {})) {
    if (value === undefined) delete result[key];
    else result[key] = value;
  }
  return result;
}

function references(events: readonly Pdu[], unknown: readonly string[], rules: RoomVersionRules): JsonValue[] {
  if (rules.eventReferences === 'ids') return [...events.map((event) => event.eventId), ...unknown];
  const known = events.map(({ eventId, json }): JsonValue[] => [
    eventId,
    { sha256: encodeBase64(referenceHash(json, rules, sha256)) },
  ]);
  return [...known, ...unknown.map((id): JsonValue[] => [id, { sha256: '' }])];
}

/** The event without hashes and signatures, as templates give it. */
export function unsignedEvent(fields: EventFields, place: EventPlace): JsonObject {
  const { rules } = place;
  const inContent: JsonObject =
    rules.redactsInContent && fields.redacts !== undefined ? { redacts: fields.redacts } : {};
  return {
    type: fields.type,
    sender: fields.sender,
    content: copyObject(fields.content ?? {}, inContent),
    origin_server_ts: fields.originServerTs ?? place.originServerTs,
    depth: fields.depth ?? place.depth,
    prev_events: references(place.prevEvents, place.unknown.prevEvents, rules),
    auth_events: references(place.authEvents, place.unknown.authEvents, rules),
    ...(place.roomId !== undefined && { room_id: place.roomId }),
    ...(fields.stateKey !== undefined && { state_key: fields.stateKey }),
    ...(!rules.redactsInContent && fields.redacts !== undefined && { redacts: fields.redacts }),
    ...(rules.eventIds === 'assigned' && { event_id: `$${randomUUID()}:${place.server}` }),
  };
}

/** Hashes and signs what is complete otherwise, and types it. */
export function completeEvent(
  json: JsonObject,
  rules: RoomVersionRules,
  options: { readonly signers: readonly Signer[]; readonly afterSigning?: Changes | undefined },
): Pdu {
  const hashed = hashEvent(json, rules, sha256);
  const signed = options.signers.reduce((event, signer) => signEvent(event, rules, signer), hashed.json);
  if (options.afterSigning === undefined) return typePdu(signed, hashed.eventId, rules);
  const broken = change(signed, options.afterSigning);
  return typePdu(broken, idOfBroken(broken, rules) ?? hashed.eventId, rules);
}

/** The id that a receiver would calculate; `undefined` where the event has no canonical form. */
function idOfBroken(json: JsonObject, rules: RoomVersionRules): EventId | undefined {
  try {
    return eventIdOf(json, rules, sha256);
  } catch {
    return undefined;
  }
}

/** Makes an event. */
export function makeEvent(fields: EventFields, place: EventPlace): Pdu {
  const json = change(unsignedEvent(fields, place), fields.json);
  const signers = fields.signers ?? place.signers;
  return completeEvent(json, place.rules, { signers, afterSigning: fields.afterSigning });
}
