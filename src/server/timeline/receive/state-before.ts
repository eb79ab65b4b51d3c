/** Judging an incoming event with what the room knows: steps 5 to 8, and what it has to do with redactions. */
import {
  type Pdu,
  type StateKey,
  stateKeyOf,
  stateKeyOfEvent,
  type StateLookup,
  stateLookupOf,
} from '../../../matrix/events.ts';
import { type EventId, parseEventId, type ServerName } from '../../../matrix/ids.ts';
import { mayApplyRedaction } from '../../../rules/auth/index.ts';
import type { RoomEvent } from '../../rooms/index.ts';
import type { AppendTools, JudgedEvent, Redaction } from './judged-event.ts';
import type { Told } from './gather.ts';
import type { IncomingEvent } from './ingress.ts';
import {
  type Cited,
  judgeByAuthEvents,
  judgeByPolicyServer,
  judgeByState,
  judgeCreate,
  type Objection,
  pairsToJudge,
  withClaims,
} from './judge.ts';
import { mergePlaces } from './merge.ts';
import { foundationsOf } from './order.ts';
import { eventsOf, isSamePlace, type Place, placeAt, type StateValue } from './places.ts';

/** What is known of events before they are judged, looked up for all of them at once. */
export class Beforehand {
  readonly #known: ReadonlyMap<EventId, RoomEvent>;
  readonly #redactions: Map<EventId, EventId>;

  private constructor(known: readonly RoomEvent[], redactions: Map<EventId, EventId>) {
    this.#known = new Map(known.map((event) => [event.eventId, event]));
    this.#redactions = redactions;
  }

  /** Looks up events in a room whose queue is held until they are written. */
  static async lookUp(events: readonly IncomingEvent[], { context, rooms }: AppendTools): Promise<Beforehand> {
    const ids = events.map(({ pdu }) => pdu.eventId);
    return new Beforehand(await rooms.events.get(ids), await context.store.events.getPendingRedactions(ids));
  }

  /** An outlier that may be given a place. */
  outlier(id: EventId): RoomEvent | undefined {
    const event = this.#known.get(id);
    return event?.status === 'outlier' ? event : undefined;
  }

  /**
   * An event that has been judged already. It may have come by another way since it was asked for: a join of ours that
   * was on its way to the disk then, and that another server has sent back.
   */
  judged(id: EventId): RoomEvent | undefined {
    const event = this.#known.get(id);
    return event?.status === 'outlier' ? undefined : event;
  }

  /** The redaction that came before its event. */
  redactionOf(id: EventId): EventId | undefined {
    return this.#redactions.get(id);
  }

  /** Notes what an event of theirs that has been judged says of those behind it. */
  note({ redaction, incoming }: JudgedEvent): void {
    // As the store keeps them: the first counts.
    if (redaction?.kind !== 'awaits' || this.#redactions.has(redaction.target)) return;
    this.#redactions.set(redaction.target, incoming.pdu.eventId);
  }
}

export interface JudgeOptions {
  readonly beforehand: Beforehand;
  readonly isHistory?: boolean;
  readonly told: Told | undefined;
}

/** Judges an event; `undefined` for one whose previous events have no place here, or that was judged before. */
export async function judgeIncoming(
  incoming: IncomingEvent,
  tools: AppendTools,
  { beforehand, isHistory = false, told }: JudgeOptions,
): Promise<JudgedEvent | undefined> {
  const { pdu } = incoming;
  if (beforehand.judged(pdu.eventId) !== undefined) return undefined;
  const before = await placeBefore(pdu, told, tools);
  if (before === undefined) return undefined;
  const { context, room } = tools;
  const stored = beforehand.outlier(pdu.eventId);
  const shared = {
    incoming,
    number: stored?.number ?? context.store.allocateEvent(),
    isStored: stored !== undefined,
    before,
    ...(told !== undefined && { gaps: told.missing }),
  };
  // What the room allows now says nothing of what it allowed then.
  const current = isHistory ? undefined : placeAt(room.stateReference);
  const isPartial = room.partial !== undefined;
  const { status, why } = await judgePlaced(pdu, { before, current, isPartial }, tools);
  if (status === 'rejected') return { ...shared, status, why, redaction: undefined };
  const redaction = await redactionOf(pdu, { before, isPartial, beforehand }, tools);
  const isShown = status === 'accepted' || redaction?.kind === 'redacted';
  const judged: JudgedEvent = { ...shared, status, why, redaction: isShown ? redaction : undefined };
  beforehand.note(judged);
  return judged;
}

/** The states that an event is judged by. */
export interface JudgedBy {
  readonly before: Place;
  /** The state of the room when it came; without one it is not asked whether the room allows it now. */
  readonly current: Place | undefined;
  /** Whether members may be missing from these states: then the event's own word for them counts. */
  readonly isPartial: boolean;
}

/** Steps 5 to 8. */
export async function judgePlaced(
  pdu: Pdu,
  by: JudgedBy,
  tools: AppendTools,
): Promise<Pick<JudgedEvent, 'status' | 'why'>> {
  const cited = await tools.events.get(foundationsOf(pdu, tools.room.rules));
  const known = new Map<EventId, Cited>(cited.map((event) => [event.eventId, event]));
  const refused = await refusalOf(pdu, known, by, tools);
  if (refused !== undefined) return { status: 'rejected', why: whyOf(refused) };
  const doubt = await doubtOf(pdu, known, by, tools);
  return doubt === undefined ? { status: 'accepted', why: undefined } : { status: 'soft-failed', why: whyOf(doubt) };
}

function whyOf({ step, why }: NonNullable<Objection>): string {
  return `step ${step}: ${why}`;
}

function verifierOf({ context }: AppendTools) {
  return (key: Uint8Array, text: string, signature: Uint8Array): boolean =>
    context.crypto.ed25519Verify(key, text, signature);
}

/** The state that an event follows; `undefined` where a previous event has no place, and nothing is told instead. */
async function placeBefore(pdu: Pdu, told: Told | undefined, tools: AppendTools): Promise<Place | undefined> {
  const { room, events } = tools;
  const previous = [...new Set(pdu.prevEvents)];
  const extremities = new Set(room.extremities.map(({ eventId }) => eventId));
  if (previous.length === extremities.size && previous.every((id) => extremities.has(id))) {
    return placeAt(room.stateReference);
  }
  // Only what is durable can be read as a state.
  await room.settled;
  const found = (await events.get(previous)).filter((event) => event.room === room.number);
  const placed = found.filter(({ stateBefore }) => stateBefore !== undefined);
  const places = placed.map((event) => placeAt(event.stateAfter));
  if (placed.length === previous.length) return await mergePlaces(places, tools);
  if (told === undefined) return undefined;
  return await mergePlaces([await placeTold(told.state, tools), ...places], tools);
}

/** A state that another server told, as its difference to the current one. */
async function placeTold(ids: readonly EventId[], { room, events, places }: AppendTools): Promise<Place> {
  const told = new Map<StateKey, StateValue>();
  for (const event of await events.get(ids)) {
    const key = stateKeyOfEvent(event.pdu);
    if (key !== undefined && event.room === room.number && event.status !== 'rejected') told.set(key, event.number);
  }
  const base = placeAt(room.stateReference);
  const changes = new Map<StateKey, StateValue>();
  for (const [key, now] of await places.wholeAt(base)) {
    const value = told.get(key) ?? 0;
    if (value !== now) changes.set(key, value);
    told.delete(key);
  }
  for (const [key, value] of told) changes.set(key, value);
  return { base: base.base, changes };
}

/** The entries of a state that an event is judged by. */
async function lookupAt(pdu: Pdu, place: Place, { places, events, room }: AppendTools): Promise<StateLookup> {
  const keys = pairsToJudge(pdu, room.rules).map(({ type, stateKey }) => stateKeyOf(type, stateKey));
  const values = await places.valuesAt(place, keys);
  return stateLookupOf((await events.getByNumber(eventsOf(values.values()))).map((event) => event.pdu));
}

type KnownEvents = ReadonlyMap<EventId, Cited>;

/** Steps 5 and 6. */
async function refusalOf(
  pdu: Pdu,
  known: KnownEvents,
  { before, isPartial }: JudgedBy,
  tools: AppendTools,
): Promise<Objection> {
  const { room } = tools;
  const judge = { rules: room.rules, verify: verifierOf(tools) };
  const state = await lookupAt(pdu, before, tools);
  return (
    judgeCreate(pdu, room.state('m.room.create', '')?.pdu) ??
    judgeByAuthEvents(pdu, known, judge) ??
    judgeByState(pdu, isPartial ? withClaims(state, known) : state, { ...judge, step: 6 })
  );
}

/** Steps 7 and 8. */
async function doubtOf(
  pdu: Pdu,
  known: KnownEvents,
  { before, current, isPartial }: JudgedBy,
  tools: AppendTools,
): Promise<Objection> {
  if (current === undefined) return undefined;
  const { room } = tools;
  const judge = { rules: room.rules, verify: verifierOf(tools) };
  // "Passes authorisation rules based on the current state of the room, otherwise it is soft failed."
  if (!isSamePlace(before, current)) {
    const state = await lookupAt(pdu, current, tools);
    const now = judgeByState(pdu, isPartial ? withClaims(state, known) : state, { ...judge, step: 7 });
    if (now !== undefined) return now;
  }
  const isServerJoined = (server: ServerName): boolean =>
    server === tools.context.serverName ? room.localJoined.size > 0 : room.servers.has(server);
  return judgeByPolicyServer(pdu, room.lookup, { ...judge, isServerJoined });
}

/** What an event redacts, or by what it is redacted; `undefined` also where that is decided once the room is whole. */
export async function redactionOf(
  pdu: Pdu,
  { before, isPartial, beforehand }: Pick<JudgedBy, 'before' | 'isPartial'> & { readonly beforehand?: Beforehand },
  tools: AppendTools,
): Promise<Redaction | undefined> {
  const { context, room, rooms } = tools;
  const mayApply = async (redaction: Pdu, target: Pdu): Promise<boolean> => {
    const state = await lookupAt(redaction, before, tools);
    // What is redacted cannot be brought back: the word of somebody who may not be in the room is not enough.
    if (isPartial && state('m.room.member', redaction.sender) === undefined) return false;
    return mayApplyRedaction(redaction, target, { state, rules: room.rules });
  };
  if (pdu.type === 'm.room.redaction') {
    const id = parseEventId(pdu.redacts ?? '');
    if (id === undefined) return undefined;
    await room.settled;
    const stored = (await context.store.events.getEvents([id]))[0];
    if (stored === undefined) return { kind: 'awaits', target: id };
    const [target] = await rooms.events.load([stored]);
    const isOpen = target !== undefined && stored.redactedBy === undefined && target.room === room.number;
    return isOpen && (await mayApply(pdu, target.pdu)) ? { kind: 'redacts', target: stored } : undefined;
  }
  const pending = beforehand?.redactionOf(pdu.eventId);
  const by = pending === undefined ? undefined : await findAccepted(pending, tools);
  return by !== undefined && (await mayApply(by.pdu, pdu)) ? { kind: 'redacted', by } : undefined;
}

async function findAccepted(id: EventId, { rooms, room }: AppendTools): Promise<RoomEvent | undefined> {
  const event = await rooms.events.find(id);
  return event?.room === room.number && event.status === 'accepted' ? event : undefined;
}
