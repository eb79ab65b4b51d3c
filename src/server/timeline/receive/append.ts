/**
 * Step 9: giving a judged event its place, in one transaction with what it changes: its state before, the room's
 * extremities, and the current state, which is merged anew where several extremities are left.
 */
import { splitStateKey, type StateKey, stateKeyOf, type StateLookup } from '../../../matrix/events.ts';
import type { EventId } from '../../../matrix/ids.ts';
import { present } from '../../../lib/assert.ts';
import type {
  EventStatus,
  LineNumber,
  StateEntry,
  StateReference,
  StoredEvent,
  Transaction,
} from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import { type Extremity, type Lines, type Room, RoomEvent, type RoomHead, type Rooms } from '../../rooms/index.ts';
import { applyRedaction, relationOf, writeRedaction } from '../commit.ts';
import {
  countsAfter,
  markOutbound,
  memberNewsOf,
  rememberStateChanges,
  type StateChange,
  writeStateChanges,
} from '../state-change.ts';
import { withEvent } from './event-reads.ts';
import type { IncomingEvent } from './ingress.ts';
import type { MergeTools } from './merge.ts';
import { mergePlaces } from './merge.ts';
import { type Place, placeAt, placeWith, type StateValue } from './places.ts';

export interface AppendTools extends MergeTools {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly lines: Lines;
}

/** An event with its verdict. */
export interface JudgedEvent {
  readonly incoming: IncomingEvent;
  readonly number: StoredEvent['number'];
  /** Whether it is stored already, as an outlier. */
  readonly isStored: boolean;
  readonly status: Exclude<EventStatus, 'outlier'>;
  readonly why: string | undefined;
  readonly before: Place;
  readonly redaction: Redaction | undefined;
  /** Whether it takes the place of everything that was here: a join that came with the whole state. */
  readonly startsAnew?: boolean;
  /** Whether the other servers in the room hear of it from us: a join that was sent to us alone. */
  readonly isForwarded?: boolean;
}

/** What an event has to do with redacting. */
export type Redaction =
  /** It redacts this one. */
  | { readonly kind: 'redacts'; readonly target: StoredEvent }
  /** It redacts one that is not here yet. */
  | { readonly kind: 'awaits'; readonly target: EventId }
  /** This one, which came before it, redacts it. */
  | { readonly kind: 'redacted'; readonly by: RoomEvent };

interface Current {
  readonly extremities: readonly Extremity[];
  readonly place: Place;
}

/** Appends one event; memory has it at once. What is answered tells when it is durable. */
export async function appendJudged(
  judged: JudgedEvent,
  tools: AppendTools,
): Promise<{ readonly durable: Promise<RoomEvent> }> {
  const current = judged.status === 'accepted' ? await currentAfter(judged, tools) : undefined;
  const plan = await planWrites(judged, current, tools);
  return { durable: write(judged, plan, tools) };
}

function keyOf({ incoming }: JudgedEvent): StateKey | undefined {
  const { type, stateKey } = incoming.pdu;
  return stateKey === undefined ? undefined : stateKeyOf(type, stateKey);
}

/** The state after a judged event: a rejected one changes nothing. */
function placeAfter(judged: JudgedEvent): Place {
  const key = keyOf(judged);
  return key === undefined || judged.status === 'rejected' ? judged.before : placeWith(judged.before, key, judged.number);
}

/** The forward extremities and the current state once an accepted event is in. */
async function currentAfter(judged: JudgedEvent, tools: AppendTools): Promise<Current> {
  const { room, events } = tools;
  const { pdu } = judged.incoming;
  const cited = new Set(pdu.prevEvents);
  const left = judged.startsAnew === true ? [] : room.extremities.filter(({ eventId }) => !cited.has(eventId));
  const own: Extremity = { eventId: pdu.eventId, number: judged.number, depth: pdu.depth };
  const after = placeAfter(judged);
  if (left.length === 0) return { extremities: [own], place: after };
  // Only what is durable can be read as a state.
  await room.settled;
  const others = await events.get(left.map(({ eventId }) => eventId));
  const places = others.map((event) => placeAt(event.stateAfter));
  const known = { ...tools, events: withEvent(events, provisional(judged, room)) };
  return { extremities: [...left, own], place: await mergePlaces([...places, after], known) };
}

/** The event as a merge sees it before it has its place. */
function provisional({ incoming, number, status }: JudgedEvent, room: Room): RoomEvent {
  const { pdu, json, contentStart, contentEnd } = incoming;
  return new RoomEvent({
    number,
    room: room.number,
    position: 0,
    status,
    stateBefore: undefined,
    redactedBy: undefined,
    pdu,
    contentText: json.slice(contentStart, contentEnd),
  });
}

/** Everything that is written of states; computed before the transaction, which cannot wait. */
interface Plan {
  readonly stateBefore: StateReference | undefined;
  /** A line to open, with the entries of its first positions. */
  readonly opened: OpenedLine | undefined;
  /** Entries to append to the main line, one position for each list. */
  readonly main: readonly (readonly StateEntry[])[];
  /** Entries to append to another line at whose head the event stands. */
  readonly side: { readonly line: LineNumber; readonly position: number; readonly entries: StateEntry[] } | undefined;
  readonly changes: readonly PlannedChange[];
  readonly current: Current | undefined;
}

/** Without an event where it is the one that is being appended. */
type PlannedChange = Omit<StateChange, 'event'> & { readonly event: RoomEvent | undefined };

interface OpenedLine {
  readonly line: LineNumber;
  readonly parent: StateReference | undefined;
  readonly positions: { readonly position: number; readonly entries: StateEntry[] }[];
}

async function planWrites(judged: JudgedEvent, current: Current | undefined, tools: AppendTools): Promise<Plan> {
  const { room } = tools;
  const mainHead = placeAt(room.stateReference);
  const difference = current === undefined ? new Map<StateKey, StateValue>() : await differenceOf(mainHead, current.place, tools);
  const key = keyOf(judged);
  const entersState = key !== undefined && judged.status !== 'rejected';
  const standsAtMainHead = isReference(judged.before, room.stateReference);
  const entry: StateEntry | undefined =
    key === undefined ? undefined : { ...splitStateKey(key), event: judged.number };
  const changes = await changesOf(difference, judged, tools);
  if (entersState && entry !== undefined && standsAtMainHead && difference.get(key) === judged.number) {
    // The usual case: the event is the next entry of the main line; whatever else a merge changes comes behind it.
    difference.delete(key);
    const main = difference.size === 0 ? [[entry]] : [[entry], entriesOf(difference)];
    return { stateBefore: room.stateReference, opened: undefined, main, side: undefined, changes, current };
  }
  if (judged.startsAnew === true && key !== undefined && entry !== undefined) {
    // Everything that came with the join is the next position of the main line, the join itself the one behind it.
    difference.delete(key);
    const { line, position } = room.stateReference;
    const stateBefore = { line, position: position + 1 };
    return { stateBefore, opened: undefined, main: [entriesOf(difference), [entry]], side: undefined, changes, current };
  }
  const main = difference.size === 0 ? [] : [entriesOf(difference)];
  const placed = await placeOnSide(judged.before, entersState ? entry : undefined, tools);
  return { ...placed, main, changes, current };
}

function isReference({ base, changes }: Place, reference: StateReference): boolean {
  return changes.size === 0 && base?.line === reference.line && base.position === reference.position;
}

function entriesOf(changes: ReadonlyMap<StateKey, StateValue>): StateEntry[] {
  return Array.from(changes, ([key, event]) => ({ ...splitStateKey(key), event: event as StateEntry['event'] }));
}

/** The entries by which `to` differs from `from`. */
async function differenceOf(from: Place, to: Place, { places }: AppendTools): Promise<Map<StateKey, StateValue>> {
  const keys = await places.differingKeys([from, to]);
  const [before, after] = await Promise.all([places.valuesAt(from, keys), places.valuesAt(to, keys)]);
  const difference = new Map<StateKey, StateValue>();
  for (const key of keys) {
    const value = after.get(key) ?? 0;
    if (value !== (before.get(key) ?? 0)) difference.set(key, value);
  }
  return difference;
}

/** Where the event stands beside the main line: on an existing state, at the head of a line, or on a new line. */
async function placeOnSide(
  before: Place,
  entry: StateEntry | undefined,
  tools: AppendTools,
): Promise<Pick<Plan, 'stateBefore' | 'opened' | 'side'>> {
  const { lines, places, context, room } = tools;
  const { base, changes } = before;
  if (changes.size === 0 && entry === undefined) return { stateBefore: base, opened: undefined, side: undefined };
  const isSideHead = base !== undefined && changes.size === 0 && base.line !== room.mainLine && lines.isHead(base);
  if (isSideHead && entry !== undefined) {
    return { stateBefore: base, opened: undefined, side: { line: base.line, position: base.position + 1, entries: [entry] } };
  }
  const line = context.store.allocateLine();
  const falls = base !== undefined && lines.mayContinue(base);
  // A line without a parent holds its whole state at position 0; another begins with what differs from its parent.
  const whole = falls ? changes : await places.wholeAt(before);
  const first = falls ? 1 : 0;
  const opening = whole.size === 0 && falls ? [] : [{ position: first, entries: entriesOf(whole) }];
  const start = opening.length === 0 ? 0 : first;
  const positions = entry === undefined ? opening : [...opening, { position: start + 1, entries: [entry] }];
  return {
    stateBefore: { line, position: start },
    opened: { line, parent: falls ? base : undefined, positions },
    side: undefined,
  };
}

/** The changes of the current state with the events that they are about. */
async function changesOf(
  difference: ReadonlyMap<StateKey, StateValue>,
  judged: JudgedEvent,
  { places, room, events }: AppendTools,
): Promise<PlannedChange[]> {
  if (difference.size === 0) return [];
  const before = await places.valuesAt(placeAt(room.stateReference), difference.keys());
  const numbers = [...before.values(), ...difference.values()].flatMap((value) =>
    value === 0 || value === judged.number ? [] : [value],
  );
  const loaded = new Map((await events.getByNumber(numbers)).map((event) => [event.number, event]));
  return Array.from(difference, ([key, value]) => {
    const old = before.get(key) ?? 0;
    const left = old === 0 ? undefined : present(loaded.get(old), 'an event of the state is stored');
    const event = value === 0 ? left : loaded.get(value);
    return { ...splitStateKey(key), before: left?.pdu, event, isRemoved: value === 0 };
  });
}

function write(judged: JudgedEvent, plan: Plan, tools: AppendTools): Promise<RoomEvent> {
  const { context, room, rooms } = tools;
  let made: RoomEvent | undefined;
  const durable = context.store.transact((transaction) => {
    const position = transaction.advance();
    const mainHead = room.head.mainHead + plan.main.length;
    const event = makeEvent(judged, plan, { room, position, mainHead });
    made = event;
    const changes = plan.changes.map((change) => ({ ...change, event: change.event ?? event }));
    writeEvent(judged, event, transaction);
    writeLines(plan, tools, transaction);
    const lookup = lookupAfter(room, changes);
    writeStateChanges(changes, { transaction, room, serverName: context.serverName, position, lookup });
    writeRedactions(judged, event, { transaction, room });
    if (judged.startsAnew === true) {
      for (const id of event.pdu.prevEvents) transaction.federation.addBackwardExtremity(room.number, id, event.pdu.depth - 1);
    }
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
    if (judged.status === 'accepted') {
      transaction.onCommit(() => {
        const members = memberNewsOf(changes, context.serverName);
        context.stream.publish({
          kind: 'event',
          position,
          room: room.number,
          event: event.number,
          ...(judged.redaction?.kind === 'redacts' && { redaction: true as const }),
          ...(members.length > 0 && { members }),
        });
      });
    }
  });
  const settled = durable.then(
    () => present(made, 'a committed event was made'),
    (error: unknown) => {
      rooms.evict(room);
      throw error;
    },
  );
  room.track(settled);
  return settled;
}

function makeEvent(
  judged: JudgedEvent,
  plan: Plan,
  { room, position, mainHead }: { room: Room; position: number; mainHead: number },
): RoomEvent {
  const event = provisional(judged, room).placedAt(plan.stateBefore, position);
  const isLinear = plan.stateBefore?.line === room.mainLine && event.stateAfter?.position === mainHead;
  return isLinear ? event : event.withMainHead(mainHead);
}

function writeEvent(
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

function writeLines({ opened, side, main }: Plan, { room, lines }: AppendTools, transaction: Transaction): void {
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
    changes.map((one) => [stateKeyOf(one.type, one.stateKey), one.isRemoved ? undefined : one.event.pdu]),
  );
  return (type, stateKey) => {
    const key = stateKeyOf(type, stateKey);
    return changed.has(key) ? changed.get(key) : room.lookup(type, stateKey);
  };
}

function writeExtremities(extremities: readonly Extremity[], room: Room, transaction: Transaction): void {
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

function rememberRedaction(
  judged: JudgedEvent,
  event: RoomEvent,
  { room, rooms }: { room: Room; rooms: Rooms },
): void {
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
