/**
 * The writing phase of sending: one transaction for everything that was planned (⑤ of the journey in
 * ARCHITECTURE.md), then memory, then, after the commit, the news.
 */
import { canonicalJson } from '../../matrix/canonical-json.ts';
import type { Pdu } from '../../matrix/events.ts';
import { type EventId, parseEventId, type ServerName } from '../../matrix/ids.ts';
import { asObject, getObject, getString, type JsonObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { redact } from '../../rules/redaction/redact.ts';
import { present } from '../../lib/assert.ts';
import type { NewEvent, NewRelation, StoredEvent, StreamPosition, Transaction } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import { type Room, RoomEvent, type RoomHead, type Rooms } from '../rooms/index.ts';
import type { PlannedEvent, RoomPlan } from './plan.ts';
import {
  countsAfter,
  factOf,
  markOutbound,
  membershipNewsOf,
  membershipOfEvent,
  rememberStateChanges,
  type StateChange,
  writeStateChanges,
} from './state-change.ts';

/** What else belongs to the same transaction. */
export type AlsoWrite = (transaction: Transaction) => void;

interface Written {
  readonly planned: PlannedEvent;
  readonly event: RoomEvent;
  readonly position: StreamPosition;
  readonly changes: readonly StateChange[];
}

/**
 * Carries a plan out. Memory changes at once, so that the room goes on; the promise resolves when the disk has it.
 * When the write fails the room is dropped from memory and the promise rejects.
 */
export function commitPlan(
  plan: RoomPlan,
  context: Context,
  rooms: Rooms,
  also?: AlsoWrite,
): Promise<readonly RoomEvent[]> {
  const { room } = plan;
  const written: Written[] = [];
  const durable = context.store.transact((transaction) => {
    rooms.tie(room, transaction);
    also?.(transaction);
    for (const planned of plan.events) written.push(writeEvent(planned, { plan, context, transaction }));
    const head = headAfter(plan, written);
    transaction.rooms.updateRoom({ number: room.number, mainLine: room.mainLine, ...head });
    transaction.events.setForwardExtremities(
      room.number,
      plan.extremities.map((one) => one.number),
      room.extremities.map((one) => one.number),
    );
    applyToMemory(plan, head, { written, rooms, serverName: context.serverName });
    transaction.onCommit(() => publish(written, context));
  });
  const settled = durable.then(() => written.map((one) => one.event));
  room.track(settled);
  return settled;
}

interface WriteTools {
  readonly plan: RoomPlan;
  readonly context: Context;
  readonly transaction: Transaction;
}

function writeEvent(planned: PlannedEvent, { plan, context, transaction }: WriteTools): Written {
  const { room } = plan;
  const { built, number, stateBefore } = planned;
  const { pdu } = built;
  const position = transaction.advance();
  transaction.events.append(newEvent(planned, room, position));
  const event = new RoomEvent({
    number,
    room: room.number,
    position,
    status: 'accepted',
    stateBefore,
    redactedBy: undefined,
    pdu,
    contentText: built.contentText,
  });
  const changes: StateChange[] = [];
  if (pdu.stateKey !== undefined) {
    const entry = { type: pdu.type, stateKey: pdu.stateKey };
    transaction.rooms.appendState(room.mainLine, stateBefore.position + 1, [{ ...entry, event: number }]);
    changes.push({ ...entry, before: membershipOfEvent(planned.replaces), event: factOf(event), isRemoved: false });
    const { serverName } = context;
    writeStateChanges(changes, { transaction, room, serverName, position, lookup: plan.lookup });
  }
  if (planned.redactionTarget !== undefined)
    writeRedaction(planned.redactionTarget, pdu.eventId, { room, transaction });
  markOutbound(event, { transaction, room, serverName: context.serverName });
  return { planned, event, position, changes };
}

function newEvent({ built, number, stateBefore, signed }: PlannedEvent, room: Room, position: number): NewEvent {
  const { pdu } = built;
  const relation = relationOf(pdu);
  return {
    number,
    eventId: pdu.eventId,
    room: room.number,
    position,
    json: signed ?? built.json,
    contentStart: built.contentStart,
    contentEnd: built.contentEnd,
    status: 'accepted',
    stateBefore,
    depth: pdu.depth,
    originServerTs: pdu.originServerTs,
    ...(signed === undefined && { sign: built.sign }),
    ...(pdu.stateKey !== undefined && { statePair: { type: pdu.type, stateKey: pdu.stateKey } }),
    ...(relation !== undefined && { relation }),
  };
}

/** The relation that an event's content states, where it is well formed. */
export function relationOf(pdu: Pdu): NewRelation | undefined {
  const relatesTo = getObject(pdu.content, 'm.relates_to');
  const relType = getString(relatesTo, 'rel_type');
  const parent = parseEventId(getString(relatesTo, 'event_id') ?? '');
  if (relType === undefined || parent === undefined) return undefined;
  const key = getString(relatesTo, 'key');
  return { parent, relType, sender: pdu.sender, type: pdu.type, ...(key !== undefined && { key }) };
}

/** The stored text of an event after redaction, with the place of its content. */
function redactedForm(
  stored: StoredEvent,
  rules: RoomVersionRules,
): { json: string; contentStart: number; contentEnd: number } {
  const redacted: JsonObject = redact(
    present(asObject(parseTrusted(stored.json)), 'a stored event is an object'),
    rules,
  );
  const json = canonicalJson(redacted);
  // Members are sorted, and before "content" there is only "auth_events", whose ids hold no quotation mark.
  const contentStart = json.indexOf('"content":') + '"content":'.length;
  return { json, contentStart, contentEnd: contentStart + canonicalJson(getObject(redacted, 'content') ?? {}).length };
}

/** Replaces the stored form of a redacted event. */
export function writeRedaction(
  target: StoredEvent,
  redaction: EventId,
  { room, transaction }: { room: Room; transaction: Transaction },
): void {
  transaction.events.redact({ number: target.number, redactedBy: redaction, ...redactedForm(target, room.rules) });
}

function headAfter(plan: RoomPlan, written: readonly Written[]): RoomHead {
  const { head } = plan.room;
  const last = written.at(-1);
  return {
    ...countsAfter(
      head,
      written.flatMap(({ changes }) => changes),
    ),
    mainHead: plan.linePosition,
    lastPosition: last?.position ?? head.lastPosition,
    lastDepth: last?.event.pdu.depth ?? head.lastDepth,
  };
}

function applyToMemory(
  plan: RoomPlan,
  head: RoomHead,
  { written, rooms, serverName }: { written: readonly Written[]; rooms: Rooms; serverName: ServerName },
): void {
  const { room } = plan;
  room.head = head;
  room.extremities = plan.extremities;
  for (const { event, planned, changes } of written) {
    rooms.events.put(event);
    room.remember(event);
    rememberStateChanges(room, changes, serverName);
    if (planned.redactionTarget !== undefined) applyRedaction(planned.redactionTarget, event, { room, rooms });
  }
}

/** Shows the redacted form of an event wherever memory has it. */
export function applyRedaction(
  target: StoredEvent,
  redaction: RoomEvent,
  { room, rooms }: { room: Room; rooms: Rooms },
): void {
  rooms.events.forget(target.number);
  const form = redactedForm(target, room.rules);
  room.replaceEvent(rooms.events.parse({ ...target, ...form, redactedBy: redaction.eventId }, room));
}

function publish(written: readonly Written[], { stream, serverName }: Context): void {
  for (const { planned, event, position, changes } of written) {
    stream.publish({
      kind: 'event',
      position,
      room: event.room,
      event: event.number,
      ...(planned.redactionTarget !== undefined && { redaction: true as const }),
      ...membershipNewsOf(changes, serverName),
    });
  }
}
