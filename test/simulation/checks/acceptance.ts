/** P5: no server has taken an event that the reference refuses, nor one that was forged. */
import assert from 'node:assert/strict';
import type { EventId } from '../../../src/matrix/ids.ts';
import type { EventNumber } from '../../../src/ports/store/index.ts';
import type { JsonObject } from '../../../src/matrix/json.ts';
import type { RoomEvent } from '../../../src/server/rooms/index.ts';
import type { Life } from '../life/life.ts';
import { checkByState, checkCitations, type Event, type Json, type Reading, type StateOf } from '../reference/auth.ts';
import type { RoomView, State } from './room-view.ts';

/** An event in the terms of the reference, from its JSON. */
function eventOf({ eventId, pdu, status }: RoomEvent): Event {
  const json: JsonObject = pdu.json;
  const text = (name: string): string | undefined => {
    const value = json[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    eventId,
    type: text('type') ?? '',
    sender: text('sender') ?? '',
    stateKey: text('state_key'),
    roomId: text('room_id'),
    content: json['content'] as Readonly<Record<string, Json>>,
    prevEvents: pdu.prevEvents,
    redacts: pdu.redacts,
    isRejected: status === 'rejected',
  };
}

/** What was read once. */
const known = new WeakMap<RoomEvent, Event>();
const knownStates = new WeakMap<State, StateOf>();

function rememberedEvent(event: RoomEvent): Event {
  const one = known.get(event) ?? eventOf(event);
  known.set(event, one);
  return one;
}

function stateOf(events: Iterable<RoomEvent>): StateOf {
  return new Map(Array.from(events, (one) => [`${one.pdu.type}|${one.pdu.stateKey}`, rememberedEvent(one)]));
}

function rememberedState(state: State): StateOf {
  const one = knownStates.get(state) ?? stateOf(state.values());
  knownStates.set(state, one);
  return one;
}

const AUTH_TYPES = new Set(['m.room.create', 'm.room.power_levels', 'm.room.join_rules', 'm.room.member']);

/** Redaction takes away what the rules looked at when the event came. */
function isTold(event: RoomEvent, state: State, cited: readonly RoomEvent[]): boolean {
  const looked = [...state.values()].filter(({ pdu }) => AUTH_TYPES.has(pdu.type));
  return [event, ...looked, ...cited].every((one) => one.redactedBy === undefined);
}

/** Judges every event that some server has accepted, by what it cites and by the state before it. */
export async function checkAccepted(views: readonly RoomView[]): Promise<void> {
  const judged = new Set<EventId>();
  for (const view of views) {
    const version = Number(view.room.version);
    for (const event of view.events.values()) {
      if (event.status === 'rejected' || judged.has(event.eventId)) continue;
      judged.add(event.eventId);
      const state = await view.stateBefore(event);
      const cited = [...(await view.stored(event.pdu.authEvents)).values()];
      if (!isTold(event, state, cited)) continue;
      const why = judge(event, { view, version, state, cited });
      assert.equal(why, undefined, `P5: ${view.name} accepts ${event.eventId} (${event.pdu.type}), but: ${why}`);
    }
  }
}

/** P5: what was rejected breaks a rule. */
export async function checkRejected(views: readonly RoomView[]): Promise<void> {
  for (const view of views) {
    const version = Number(view.room.version);
    const { events } = view.services.rooms;
    const rows = view.server.disk.rows('SELECT number FROM events WHERE status = 2');
    for (const event of await events.getByNumber(rows.map((row) => Number(row['number']) as EventNumber))) {
      const cited = [...(await view.stored(event.pdu.authEvents)).values()];
      const before = event.stateBefore === undefined ? undefined : await view.stateBefore(event);
      if (event.room !== view.room.number || !isTold(event, before ?? new Map(), cited)) continue;
      const why = judge(event, { view, version, state: before, cited });
      assert.ok(why !== undefined, `P5: ${view.name} rejects ${event.eventId} (${event.pdu.type}), which is allowed`);
    }
  }
}

/** P5: what was forged has been taken by nobody. */
export async function checkForged({ ledger }: Life, views: readonly RoomView[]): Promise<void> {
  for (const view of views) {
    for (const [id, { status }] of await view.stored([...ledger.forged])) {
      assert.equal(status, 'rejected', `P5: ${view.name} has taken ${id}, which was forged`);
    }
  }
}

interface Surroundings {
  readonly view: RoomView;
  readonly version: number;
  /** The state before it, where that is known. */
  readonly state: State | undefined;
  readonly cited: readonly RoomEvent[];
}

function judge(event: RoomEvent, { view, version, state, cited }: Surroundings): string | undefined {
  const subject = rememberedEvent(event);
  const create = [...view.room.stateWithoutMembers()].find(({ pdu }) => pdu.type === 'm.room.create');
  assert.ok(create !== undefined, 'a room has its create event');
  const typeOf = (id: string): string | undefined => view.events.get(id as EventId)?.pdu.type;
  const byCited: Reading = { version, state: stateOf(version >= 12 ? [create, ...cited] : cited) };
  return (
    checkCitations(subject, cited.map(rememberedEvent), { version, create: rememberedEvent(create) }) ??
    checkByState(subject, byCited, typeOf) ??
    (state && checkByState(subject, { version, state: rememberedState(state) }, typeOf))
  );
}
