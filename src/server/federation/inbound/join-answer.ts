/** What a server gets whose user has joined by us: the state before the join, whole or without its members. */
import { present } from '../../../lib/assert.ts';
import type { EventId, ServerName } from '../../../matrix/ids.ts';
import type { EventNumber, StateEntry, StateReference } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Room, RoomEvent, Rooms } from '../../rooms/index.ts';
import type { FederationReads } from './reads.ts';

export interface JoinAnswerParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly reads: FederationReads;
}

export interface JoinedEvent {
  readonly room: Room;
  readonly event: RoomEvent;
  /** The event as it stands in the room, with every signature. */
  readonly text: string;
  /** "A list of the servers active in the room (ie, those with joined members) before the join." */
  readonly servers: readonly ServerName[];
  readonly omitsMembers: boolean;
}

/** "at most five": as many as a room's summary names. */
const HEROES_MAX = 5;

/** Members that are told all the same: a room of fewer is whole sooner than the rest of it can be asked for. */
const FEW = 30;

/** The answer to `PUT /send_join` as JSON. */
export async function joinAnswer(joined: JoinedEvent, parts: JoinAnswerParts): Promise<string> {
  const { room, event, text, servers, omitsMembers } = joined;
  const { context, rooms, reads } = parts;
  await room.settled;
  const before = present(event.stateBefore, 'an accepted event has a place');
  const entries = await context.store.rooms.getStateAt(before);
  const told = omitsMembers ? await withoutMembers(joined, { before, entries }, parts) : entries;
  const state = await rooms.events.glance(told.map((entry) => entry.event));
  const stateIds = new Set(state.map(({ eventId }) => eventId));
  const chain = await reads.authChain([...state.flatMap(({ pdu }) => pdu.authEvents), ...event.pdu.authEvents]);
  // "any events that are returned in `state` may be omitted from `auth_chain`, whether or not membership events are
  // omitted from `state`", but only where the other server has asked for less.
  const rest = omitsMembers ? chain.filter((id) => !stateIds.has(id)) : chain;
  const [chainTexts, stateTexts] = await Promise.all([textsOf(rest, context), textsOf([...stateIds], context)]);
  const hasOmitted = told.length < entries.length;
  return (
    `{"auth_chain":[${chainTexts.join(',')}],"event":${text},"members_omitted":${hasOmitted},` +
    `"origin":${JSON.stringify(context.serverName)},"servers_in_room":${JSON.stringify(servers)},` +
    `"state":[${stateTexts.join(',')}]}`
  );
}

async function textsOf(ids: readonly EventId[], { store }: Context): Promise<string[]> {
  return (await store.events.getEvents(ids)).map((row) => row.json);
}

/** The state but for its members; those stay who would name the room where nothing else does. */
async function withoutMembers(
  { event }: JoinedEvent,
  { before, entries }: { readonly before: StateReference; readonly entries: readonly StateEntry[] },
  parts: JoinAnswerParts,
): Promise<StateEntry[]> {
  const members = entries.filter(({ type }) => type === 'm.room.member');
  if (members.length <= FEW) return [...entries];
  const heroes = await heroesOf(event, { before, entries }, parts);
  return entries.filter((entry) => entry.type !== 'm.room.member' || heroes.has(entry.event));
}

/**
 * "If the room to be joined has no `m.room.name` nor `m.room.canonical_alias` events in its current state, the resident
 * server should determine the room members who would be included in the `m.heroes` property of the room summary".
 */
async function heroesOf(
  { room, pdu }: RoomEvent,
  { before, entries }: { readonly before: StateReference; readonly entries: readonly StateEntry[] },
  { context, rooms }: JoinAnswerParts,
): Promise<Set<EventNumber>> {
  const names = ['m.room.name', 'm.room.canonical_alias'].map((type) => ({ type, stateKey: '' }));
  if ((await rooms.getStateAt(before, names)).length > 0) return new Set();
  const members = new Set(entries.flatMap(({ type, event }) => (type === 'm.room.member' ? [event] : [])));
  const rows = await context.store.rooms.getMembers(room);
  const others = rows.filter((row) => members.has(row.event) && row.user !== pdu.stateKey);
  const present = others.filter(({ membership }) => membership === 'join' || membership === 'invite');
  // "If all members have left, the heroes are those who were there."
  const heroes = present.length > 0 ? present : others.filter(({ membership }) => membership !== 'knock');
  const oldest = heroes.toSorted((left, right) => left.event - right.event).slice(0, HEROES_MAX);
  return new Set(oldest.map((row) => row.event));
}
