/** Step 9: giving a judged event its place, in one transaction with everything that it changes. */
import { stateKeyOf, type StateLookup } from '../../../matrix/events.ts';
import { present } from '../../../lib/assert.ts';
import type { StoredEvent, Transaction } from '../../../ports/store/index.ts';
import type { Extremity, Room, RoomEvent, RoomHead, Rooms } from '../../rooms/index.ts';
import { applyRedaction, relationOf, writeRedaction } from '../commit.ts';
import {
  countsAfter,
  factOf,
  markOutbound,
  membershipNewsOf,
  rememberStateChanges,
  type StateChange,
  writeStateChanges,
} from '../state-change.ts';
import { type AppendTools, type JudgedEvent, provisional } from './judged-event.ts';
import { currentAfter, type Plan, planWrites } from './plan-writes.ts';

/** Appends one event; memory has it at once. What is answered tells when it is durable. */
export async function appendJudged(
  judged: JudgedEvent,
  tools: AppendTools,
): Promise<{ readonly durable: Promise<RoomEvent> }> {
  const current =
    judged.status === 'accepted' && judged.historyPosition === undefined
      ? await currentAfter(judged, tools)
      : undefined;
  const plan = await planWrites(judged, current, tools);
  return { durable: write(judged, plan, tools) };
}

function write(judged: JudgedEvent, plan: Plan, tools: AppendTools): Promise<RoomEvent> {
  const { context, room, rooms } = tools;
  let made: RoomEvent | undefined;
  const durable = context.store.transact((transaction) => {
    rooms.tie(room, transaction);
    const position = transaction.advance();
    const place = judged.historyPosition ?? position;
    const mainHead = room.head.mainHead + plan.main.length;
    const event = makeEvent(judged, plan, { room, position: place, mainHead });
    made = event;
    const changes = plan.changes.map((change) => ({ ...change, event: factOf(change.event ?? event) }));
    writeEvent(judged, event, transaction);
    writeLines(plan, tools, transaction);
    const lookup = lookupAfter(room, changes);
    writeStateChanges(changes, { transaction, room, serverName: context.serverName, position, lookup });
    writeRedactions(judged, event, { transaction, room });
    for (const id of judged.gaps ?? [])
      transaction.federation.addBackwardExtremity(room.number, id, event.pdu.depth - 1);
    if (judged.isForwarded === true) markOutbound(event, { transaction, room, serverName: context.serverName });
    if (plan.current !== undefined) {
      const head: RoomHead = {
        ...countsAfter(room.head, changes),
        mainHead,
        lastPosition: position,
        lastDepth: event.pdu.depth,
      };
      transaction.rooms.updateRoom({ number: room.number, mainLine: room.mainLine, ...head });
      writeExtremities(plan.current.extremities, room, transaction);
      room.head = head;
      room.extremities = plan.current.extremities;
      rememberStateChanges(room, changes, context.serverName);
      room.remember(event);
    }
    rooms.events.put(event);
    rememberRedaction(judged, event, { room, rooms });
    if (plan.current !== undefined) {
      transaction.onCommit(() => {
        context.stream.publish({
          kind: 'event',
          position,
          room: room.number,
          event: event.number,
          ...(judged.redaction?.kind === 'redacts' && { redaction: true as const }),
          ...membershipNewsOf(changes, context.serverName),
        });
      });
    }
  });
  const settled = durable.then(() => present(made, 'a committed event was made'));
  room.track(settled);
  return settled;
}

function makeEvent(
  judged: JudgedEvent,
  plan: Plan,
  { room, position, mainHead }: { room: Room; position: number; mainHead: number },
): RoomEvent {
  const event = provisional(judged, room).placedAt(plan.stateBefore, position);
  // History has a state of its own, and none of the main line.
  if (judged.historyPosition !== undefined) return event;
  const isLinear = plan.stateBefore?.line === room.mainLine && event.stateAfter?.position === mainHead;
  return isLinear ? event : event.withMainHead(mainHead);
}

/** Writes an event of others with its verdict, or gives an outlier its place. */
export function writeEvent(
  { incoming, isStored, why, status }: JudgedEvent,
  event: RoomEvent,
  transaction: Transaction,
): void {
  const { pdu } = incoming;
  const relation = relationOf(pdu);
  const shared = {
    number: event.number,
    eventId: pdu.eventId,
    room: event.room,
    position: event.position,
    status,
    ...(why !== undefined && { rejectedWhy: why }),
    stateBefore: event.stateBefore,
    mainHead: event.ownMainHead,
    ...(relation !== undefined && { relation }),
  };
  if (isStored) {
    transaction.events.adopt(shared);
    return;
  }
  const { json, contentStart, contentEnd } = incoming;
  transaction.events.append({
    ...shared,
    json,
    contentStart,
    contentEnd,
    depth: pdu.depth,
    originServerTs: pdu.originServerTs,
    ...(pdu.stateKey !== undefined && { statePair: { type: pdu.type, stateKey: pdu.stateKey } }),
  });
}

/** Writes the lines that a plan opens, and what it appends to lines. */
export function writeLines(
  { opened, side, main }: Pick<Plan, 'opened' | 'side' | 'main'>,
  { room, lines }: AppendTools,
  transaction: Transaction,
): void {
  if (opened !== undefined) {
    const { line, parent, positions } = opened;
    const head = positions.at(-1)?.position ?? 0;
    transaction.rooms.openLine({ line, room: room.number, parent, head: 0 });
    for (const { position, entries } of positions) transaction.rooms.appendState(line, position, entries);
    lines.open({ line, parent, head });
  }
  if (side !== undefined) {
    transaction.rooms.appendState(side.line, side.position, side.entries);
    lines.append(side.line, side.position);
  }
  main.forEach((entries, index) => {
    transaction.rooms.appendState(room.mainLine, room.head.mainHead + index + 1, entries);
  });
}

function lookupAfter(room: Room, changes: readonly StateChange[]): StateLookup {
  const changed = new Map(
    changes.map((one) => [stateKeyOf(one.type, one.stateKey), one.isRemoved ? undefined : one.event.event?.pdu]),
  );
  return (type, stateKey) => {
    const key = stateKeyOf(type, stateKey);
    return changed.has(key) ? changed.get(key) : room.lookup(type, stateKey);
  };
}

/** Writes which forward extremities a room has. */
export function writeExtremities(extremities: readonly Extremity[], room: Room, transaction: Transaction): void {
  const kept = new Set(extremities.map(({ number }) => number));
  const before = new Set(room.extremities.map(({ number }) => number));
  transaction.events.setForwardExtremities(
    room.number,
    [...kept].filter((number) => !before.has(number)),
    [...before].filter((number) => !kept.has(number)),
  );
}

function writeRedactions(
  judged: JudgedEvent,
  event: RoomEvent,
  { transaction, room }: { transaction: Transaction; room: Room },
): void {
  const { redaction } = judged;
  if (redaction?.kind === 'awaits') transaction.events.expectRedaction(redaction.target, event.eventId);
  const target = redactedBy(judged, event);
  if (target !== undefined) writeRedaction(target.stored, target.by.eventId, { room, transaction });
}

function rememberRedaction(judged: JudgedEvent, event: RoomEvent, { room, rooms }: { room: Room; rooms: Rooms }): void {
  const target = redactedBy(judged, event);
  if (target !== undefined) applyRedaction(target.stored, target.by, { room, rooms });
}

/** The event that is redacted now, as stored, and the one that does it. */
function redactedBy(judged: JudgedEvent, event: RoomEvent): { stored: StoredEvent; by: RoomEvent } | undefined {
  const { redaction, incoming } = judged;
  if (redaction?.kind === 'redacts') return { stored: redaction.target, by: event };
  if (redaction?.kind !== 'redacted') return undefined;
  const { number, eventId, room, position, status, stateBefore, ownMainHead } = event;
  const { json, contentStart, contentEnd } = incoming;
  const text = { json, contentStart, contentEnd };
  const stored = { number, eventId, room, position, status, stateBefore, mainHead: ownMainHead, redactedBy: undefined };
  return { stored: { ...stored, ...text }, by: redaction.by };
}
