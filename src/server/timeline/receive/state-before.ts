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
} from './judge.ts';
import { mergePlaces } from './merge.ts';
import { foundationsOf } from './order.ts';
import { eventsOf, type Place, placeAt, type StateValue } from './places.ts';

/** Judges an event; `undefined` for one whose previous events have no place here. */
export async function judgeIncoming(
  incoming: IncomingEvent,
  tools: AppendTools,
  { isHistory = false, told }: { readonly isHistory?: boolean; readonly told?: Told | undefined } = {},
): Promise<JudgedEvent | undefined> {
  const { pdu } = incoming;
  const before = await placeBefore(pdu, told, tools);
  if (before === undefined) return undefined;
  const { context } = tools;
  const stored = (await context.store.events.getEvents([pdu.eventId]))[0];
  const shared = {
    incoming,
    number: stored?.number ?? context.store.allocateEvent(),
    isStored: stored !== undefined,
    before,
    ...(told !== undefined && { gaps: told.missing }),
  };
  const refused = await refusalOf(pdu, before, tools);
  if (refused !== undefined) return { ...shared, status: 'rejected', why: whyOf(refused), redaction: undefined };
  // What the room allows now says nothing of what it allowed then.
  const doubt = isHistory ? undefined : await doubtOf(pdu, before, tools);
  const redaction = await redactionOf(pdu, before, tools);
  return doubt === undefined
    ? { ...shared, status: 'accepted', why: undefined, redaction }
    : {
        ...shared,
        status: 'soft-failed',
        why: whyOf(doubt),
        redaction: redaction?.kind === 'redacted' ? redaction : undefined,
      };
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

function isCurrent({ base, changes }: Place, { room }: AppendTools): boolean {
  const now = room.stateReference;
  return changes.size === 0 && base?.line === now.line && base.position === now.position;
}

/** The entries of a state that an event is judged by. */
async function lookupAt(pdu: Pdu, place: Place, { places, events, room }: AppendTools): Promise<StateLookup> {
  const keys = pairsToJudge(pdu, room.rules).map(({ type, stateKey }) => stateKeyOf(type, stateKey));
  const values = await places.valuesAt(place, keys);
  return stateLookupOf((await events.getByNumber(eventsOf(values.values()))).map((event) => event.pdu));
}

/** Steps 5 and 6. */
async function refusalOf(pdu: Pdu, before: Place, tools: AppendTools): Promise<Objection> {
  const { room, events } = tools;
  const { rules } = room;
  const verify = verifierOf(tools);
  const cited = await events.get(foundationsOf(pdu, rules));
  const known = new Map<EventId, Cited>(cited.map((event) => [event.eventId, event]));
  return (
    judgeCreate(pdu, room.state('m.room.create', '')?.pdu) ??
    judgeByAuthEvents(pdu, known, { rules, verify }) ??
    judgeByState(pdu, await lookupAt(pdu, before, tools), { rules, verify, step: 6 })
  );
}

/** Steps 7 and 8. */
async function doubtOf(pdu: Pdu, before: Place, tools: AppendTools): Promise<Objection> {
  const { room } = tools;
  const { rules } = room;
  const verify = verifierOf(tools);
  // "Passes authorisation rules based on the current state of the room, otherwise it is soft failed."
  const now = isCurrent(before, tools)
    ? undefined
    : judgeByState(pdu, await lookupAt(pdu, placeAt(room.stateReference), tools), { rules, verify, step: 7 });
  const isServerJoined = (server: ServerName): boolean =>
    server === tools.context.serverName ? room.localJoined.size > 0 : room.servers.has(server);
  return now ?? judgeByPolicyServer(pdu, room.lookup, { rules, verify, isServerJoined });
}

async function redactionOf(pdu: Pdu, before: Place, tools: AppendTools): Promise<Redaction | undefined> {
  const { context, room, rooms } = tools;
  const { rules } = room;
  const state = async (of: Pdu): Promise<StateLookup> => await lookupAt(of, before, tools);
  if (pdu.type === 'm.room.redaction') {
    const id = parseEventId(pdu.redacts ?? '');
    if (id === undefined) return undefined;
    await room.settled;
    const stored = (await context.store.events.getEvents([id]))[0];
    if (stored === undefined) return { kind: 'awaits', target: id };
    const [target] = await rooms.events.load([stored]);
    const applies = target !== undefined && stored.redactedBy === undefined && target.room === room.number;
    return applies && mayApplyRedaction(pdu, target.pdu, { state: await state(pdu), rules })
      ? { kind: 'redacts', target: stored }
      : undefined;
  }
  const pending = (await context.store.events.getPendingRedactions([pdu.eventId])).get(pdu.eventId);
  const by = pending === undefined ? undefined : await findAccepted(pending, tools);
  if (by === undefined || !mayApplyRedaction(by.pdu, pdu, { state: await state(by.pdu), rules })) return undefined;
  return { kind: 'redacted', by };
}

async function findAccepted(id: EventId, { rooms, room }: AppendTools): Promise<RoomEvent | undefined> {
  const event = await rooms.events.find(id);
  return event?.room === room.number && event.status === 'accepted' ? event : undefined;
}
