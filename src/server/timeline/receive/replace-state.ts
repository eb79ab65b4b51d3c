/**
 * Replacing the current state of a room by another one, of thousands of members perhaps: when a room is entered, and
 * when the whole of a state takes the place of a part. Of members no more is read than their membership.
 */
import { type Pdu, splitStateKey, type StateKey, type StateLookup, stateKeyOf } from '../../../matrix/events.ts';
import { type ServerName, serverOf, type UserId } from '../../../matrix/ids.ts';
import { present } from '../../../lib/assert.ts';
import type { EventNumber, Membership, StreamPosition, Transaction } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Room, RoomEvent, Rooms } from '../../rooms/index.ts';
import {
  countsAfter,
  factOf,
  rememberStateChanges,
  type StateChange,
  type StateFact,
  writeStateChanges,
} from '../state-change.ts';
import type { StateValue } from './places.ts';

/** Events that are read at once: about two milliseconds. */
const READ_AT_ONCE = 200;

export interface ReplaceTools {
  readonly context: Context;
  readonly rooms: Rooms;
}

export type WholeState = ReadonlyMap<StateKey, EventNumber>;

/** What takes the current state of a room to another one. */
export interface Replacement {
  readonly changes: readonly StateChange[];
  /** The new state, as far as deciding who is told of it looks. */
  readonly lookup: StateLookup;
}

/** The current state of a room; everything that was sent must be durable. */
export async function currentState(room: Room, { context }: ReplaceTools): Promise<Map<StateKey, EventNumber>> {
  const entries = await context.store.rooms.getCurrentState(room.number);
  return new Map(entries.map((entry) => [stateKeyOf(entry.type, entry.stateKey), entry.event]));
}

/** What differs between two states; 0 for what is not in the new one. */
export function differenceBetween(before: WholeState, after: WholeState): Map<StateKey, StateValue> {
  const difference = new Map<StateKey, StateValue>();
  for (const [key, event] of after) if (before.get(key) !== event) difference.set(key, event);
  for (const key of before.keys()) if (!after.has(key)) difference.set(key, 0);
  return difference;
}

/** Plans what becomes of the current state; `fresh` is an event of the new one that is not stored yet. */
export async function planReplacement(
  room: Room,
  [before, after]: readonly [WholeState, WholeState],
  tools: ReplaceTools,
  fresh?: RoomEvent,
): Promise<Replacement> {
  const difference = differenceBetween(before, after);
  const members = await tools.context.store.rooms.getMembers(room.number);
  const memberships = new Map<string, Membership>(members.map(({ user, membership }) => [user, membership]));
  const numberOf = (key: StateKey): EventNumber =>
    present(after.get(key) ?? before.get(key), 'it is in one of the states');
  const facts = await readFacts([...difference.keys()].map(numberOf), tools);
  if (fresh !== undefined) facts.set(fresh.number, factOf(fresh));
  const changes = Array.from(difference, ([key, value]): StateChange => {
    const { type, stateKey } = splitStateKey(key);
    return {
      type,
      stateKey,
      before: type === 'm.room.member' ? memberships.get(stateKey) : undefined,
      event: present(facts.get(numberOf(key)), 'an event of a state is stored'),
      isRemoved: value === 0,
    };
  });
  return { changes, lookup: await lookupOf(room, { changes, after }, tools) };
}

/** What is to be known of each event; members of other servers are not kept. */
async function readFacts(numbers: readonly EventNumber[], { context, rooms }: ReplaceTools) {
  const facts = new Map<EventNumber, StateFact>();
  for (let at = 0; at < numbers.length; at += READ_AT_ONCE) {
    for (const event of await rooms.events.glance(numbers.slice(at, at + READ_AT_ONCE))) {
      const { event: _, ...fact } = factOf(event);
      facts.set(event.number, isKept(event, context.serverName) ? factOf(event) : fact);
    }
    if (at + READ_AT_ONCE < numbers.length) await new Promise<void>((resolve) => context.clock.schedule(0, resolve));
  }
  return facts;
}

function isKept({ pdu }: RoomEvent, serverName: ServerName): boolean {
  return pdu.type !== 'm.room.member' || serverOf(pdu.stateKey ?? '') === serverName;
}

/** The new state as users here who are invited are shown it: with whoever invited them. */
async function lookupOf(
  room: Room,
  { changes, after }: { changes: readonly StateChange[]; after: WholeState },
  { rooms }: ReplaceTools,
): Promise<StateLookup> {
  const pdus = new Map<StateKey, Pdu>();
  for (const event of room.stateWithoutMembers())
    pdus.set(stateKeyOf(event.pdu.type, event.pdu.stateKey ?? ''), event.pdu);
  const inviters = new Set<UserId>();
  for (const { type, stateKey, event, isRemoved } of changes) {
    const key = stateKeyOf(type, stateKey);
    if (isRemoved) pdus.delete(key);
    else if (event.event !== undefined) pdus.set(key, event.event.pdu);
    if (event.event !== undefined && event.membership === 'invite') inviters.add(event.sender);
  }
  const numbers = [...inviters].flatMap((user) => after.get(stateKeyOf('m.room.member', user)) ?? []);
  for (const { pdu } of await rooms.events.glance(numbers)) pdus.set(stateKeyOf(pdu.type, pdu.stateKey ?? ''), pdu);
  return (type, stateKey) => pdus.get(stateKeyOf(type, stateKey));
}

/** The counts of the room once its state has been replaced. */
export function countsWith({ changes }: Replacement, room: Room): ReturnType<typeof countsAfter> {
  return countsAfter(room.head, changes);
}

/** Writes the new current state; memory has it at once, but for members, whom {@link settleMembers} lets be read. */
export function writeReplacement(
  { changes, lookup }: Replacement,
  {
    transaction,
    room,
    serverName,
    position,
  }: {
    readonly transaction: Transaction;
    readonly room: Room;
    readonly serverName: ServerName;
    readonly position: StreamPosition;
  },
): void {
  writeStateChanges(changes, { transaction, room, serverName, position, lookup });
  rememberStateChanges(room, changes, serverName);
}

/** Takes the word of another server for who is in a room, and writes what is sent to them by. */
export function tellServers(room: Room, servers: readonly ServerName[], transaction: Transaction): void {
  const before = room.servers.list();
  room.servers.tell(servers);
  for (const server of servers) transaction.federation.addRoomServer(room.number, server);
  for (const server of before)
    if (!room.servers.has(server)) transaction.federation.removeRoomServer(room.number, server);
}

/** Members alone count from now on. */
export function forgetToldServers(room: Room, transaction: Transaction): void {
  const { told } = room.servers;
  room.servers.tell([]);
  for (const server of told)
    if (!room.servers.has(server)) transaction.federation.removeRoomServer(room.number, server);
}

/** Once the new state is durable: whoever needs one of its members reads it from the store. */
export function settleMembers({ changes }: Replacement, room: Room): void {
  room.forgetMembers(
    changes.flatMap(({ type, stateKey, event, isRemoved }) =>
      type === 'm.room.member' && (isRemoved || event.event === undefined) ? [stateKey] : [],
    ),
  );
}
