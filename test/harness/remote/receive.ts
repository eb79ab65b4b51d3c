/** Takes events from other servers in: verifies them, fetches what they cite and follow, and judges them. */
import { createEventIdOf, type Pdu, type StateMap, stateKeyOfEvent, typePdu } from '../../../src/matrix/events.ts';
import { asObject, getArray, getObject, type JsonObject, type JsonValue } from '../../../src/matrix/json.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions.ts';
import { parsePdu } from '../../../src/rules/event-format/parse-pdu.ts';
import { hasValidContentHash } from '../../../src/rules/hashes/hashes.ts';
import { redact } from '../../../src/rules/redaction/redact.ts';
import { requiredSigners } from '../../../src/rules/signatures/required-signers.ts';
import { checkEventSignatures } from '../../../src/rules/signatures/verify.ts';
import type { Drop } from '../../../src/rules/verdict.ts';
import { sha256, verifyEd25519 } from '../../fixtures/ed25519.ts';
import type { Answer } from '../answer.ts';
import type { RoomNode } from './graph.ts';
import type { KeyRing } from './keys.ts';
import type { RemoteRoom } from './room.ts';

/** What receiving needs of the server. */
export interface Receiver {
  readonly keyRing: KeyRing;
  now(): number;
  get(destination: string, uri: string): Promise<Answer>;
  post(destination: string, uri: string, body: JsonValue): Promise<Answer>;
}

export type Verified = { readonly accept: true; readonly event: Pdu } | Drop;

async function loadKeys(receiver: Receiver, json: JsonObject, rules: RoomVersionRules): Promise<void> {
  for (const server of requiredSigners(json, rules) ?? []) {
    const signatures = getObject(getObject(json, 'signatures'), server) ?? {};
    for (const keyId of Object.keys(signatures)) await receiver.keyRing.load(server, keyId).catch(() => undefined);
  }
}

/** Checks 1 to 3 on receipt of a PDU: its format, its signatures, its hash. */
export async function verifyPdu(receiver: Receiver, json: JsonValue, rules: RoomVersionRules): Promise<Verified> {
  const parsed = parsePdu(json, rules, sha256);
  if (!parsed.accept) return parsed;
  const { event } = parsed;
  await loadKeys(receiver, event.json, rules);
  const findKey = receiver.keyRing.find;
  const options = { rules, findKey, nowMs: receiver.now(), verify: verifyEd25519 };
  const signed = checkEventSignatures(event.json, options);
  if (!signed.accept) return signed;
  // "Passes hash checks, otherwise it is redacted before being processed further."
  if (hasValidContentHash(event.json, rules, sha256)) return parsed;
  return { accept: true, event: typePdu(redact(event.json, rules), event.eventId, rules) };
}

/** The events of a list that verify. */
async function verifyAll(receiver: Receiver, list: unknown, rules: RoomVersionRules): Promise<Pdu[]> {
  const events: Pdu[] = [];
  for (const json of Array.isArray(list) ? (list as JsonValue[]) : []) {
    const verified = await verifyPdu(receiver, json, rules);
    if (verified.accept) events.push(verified.event);
  }
  return events;
}

/** Takes events in whose place is unknown, each after those that it cites. */
function addOutliers(room: RemoteRoom, events: readonly Pdu[]): void {
  const waiting = new Map(events.map((event) => [event.eventId, event]));
  const add = (event: Pdu): void => {
    waiting.delete(event.eventId);
    for (const id of event.authEvents) {
      const cited = waiting.get(id);
      if (cited !== undefined) add(cited);
    }
    room.addOutlier(event);
  };
  // Where the room id is the create event's hash, every event stands on that one without citing it.
  const create = room.rules.roomIdIsCreateHash ? waiting.get(createEventIdOf(room.roomId)) : undefined;
  if (create !== undefined) add(create);
  for (const event of events) if (waiting.has(event.eventId)) add(event);
}

/** Takes the lists of a state answer in; the state that they make. */
export async function receiveState(
  receiver: Receiver,
  room: RemoteRoom,
  lists: { readonly state: unknown; readonly authChain: unknown },
): Promise<StateMap> {
  const state = await verifyAll(receiver, lists.state, room.rules);
  addOutliers(room, [...(await verifyAll(receiver, lists.authChain, room.rules)), ...state]);
  const map = new Map();
  for (const event of state) {
    const key = stateKeyOfEvent(event);
    if (key !== undefined) map.set(key, event.eventId);
  }
  return map;
}

function federation(path: string, ...parts: readonly string[]): string {
  return `/_matrix/federation/v1/${[path, ...parts.map(encodeURIComponent)].join('/')}`;
}

/** The state before an event as another server has it. */
export async function fetchState(
  receiver: Receiver,
  room: RemoteRoom,
  from: string,
  eventId: string,
): Promise<StateMap> {
  const uri = `${federation('state', room.roomId)}?${new URLSearchParams({ event_id: eventId })}`;
  const answer = await receiver.get(from, uri);
  return receiveState(receiver, room, { state: answer.get('pdus'), authChain: answer.get('auth_chain') });
}

async function place(receiver: Receiver, room: RemoteRoom, event: Pdu, from: string): Promise<RoomNode> {
  const missing = room.missing(event);
  if (missing.authEvents.length > 0) {
    const answer = await receiver.get(from, federation('event_auth', room.roomId, event.eventId));
    addOutliers(room, await verifyAll(receiver, answer.get('auth_chain'), room.rules));
  }
  if (missing.prevEvents.length === 0) return room.add(event);
  return room.add(event, { stateBefore: await fetchState(receiver, room, from, event.eventId) });
}

async function fillGap(receiver: Receiver, room: RemoteRoom, event: Pdu, from: string): Promise<void> {
  const body: JsonObject = {
    latest_events: [event.eventId],
    earliest_events: [...room.extremities],
    limit: 20,
    min_depth: 0,
  };
  const answer = await receiver.post(from, federation('get_missing_events', room.roomId), body);
  const events = await verifyAll(receiver, answer.get('events'), room.rules);
  for (const one of events.toSorted((a, b) => a.depth - b.depth)) await place(receiver, room, one, from);
}

/** Everything that is done with a PDU of another server; what became of it. */
export async function receivePdu(
  receiver: Receiver,
  room: RemoteRoom,
  json: JsonValue,
  from: string,
): Promise<RoomNode | Drop> {
  const verified = await verifyPdu(receiver, json, room.rules);
  if (!verified.accept) return verified;
  const { event } = verified;
  if (event.roomId !== room.roomId) return { accept: false, action: 'drop', why: 'it is of another room' };
  if (room.missing(event).prevEvents.length > 0) await fillGap(receiver, room, event, from);
  return place(receiver, room, event, from);
}

/** The PDUs of a list that is there and holds objects. */
export function objectsOf(json: JsonObject, key: string): JsonObject[] {
  return (getArray(json, key) ?? []).map(asObject).filter((one) => one !== undefined);
}
