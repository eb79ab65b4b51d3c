/**
 * What a change of the current state means beyond the state itself: the memberships of users here, the counts of a
 * room, the servers in it, and the news. Shared by sending and receiving.
 */
import type { Pdu, StateLookup } from '../../matrix/events.ts';
import { serverOf, type ServerName, type UserId } from '../../matrix/ids.ts';
import { getString } from '../../matrix/json.ts';
import type { EventNumber, Membership, StatePair, StreamPosition, Transaction } from '../../ports/store/index.ts';
import type { Room, RoomEvent, RoomHead } from '../rooms/index.ts';
import type { MemberNews } from '../stream/index.ts';
import { strippedState } from './stripped-state.ts';

const MEMBERSHIPS: ReadonlySet<string> = new Set(['join', 'invite', 'leave', 'ban', 'knock']);

/** What a change of the state has to know of a state event: of the thousands of members of a room no more is kept. */
export interface StateFact {
  readonly number: EventNumber;
  readonly sender: UserId;
  /** Of a member event. */
  readonly membership: Membership | undefined;
  /** The event itself, where it is at hand: then it becomes part of the room in memory. */
  readonly event?: RoomEvent;
}

/** One entry of the current state that has changed. */
export interface StateChange extends StatePair {
  /** The membership that stood there. */
  readonly before: Membership | undefined;
  /** The event that stands there now; or the one that was taken out. */
  readonly event: StateFact;
  /** Whether nothing stands there now: a merge can do that. */
  readonly isRemoved: boolean;
}

/** What is known of an event that is at hand. */
export function factOf(event: RoomEvent): StateFact {
  const { number, pdu } = event;
  return { number, sender: pdu.sender, membership: membershipOfEvent(pdu), event };
}

/** The membership that a member event states; `undefined` for other events and for what is none. */
export function membershipOfEvent(pdu: Pdu | undefined): Membership | undefined {
  const membership = pdu?.type === 'm.room.member' ? getString(pdu.content, 'membership') : undefined;
  return membership !== undefined && MEMBERSHIPS.has(membership) ? (membership as Membership) : undefined;
}

/** A membership before and after; `undefined` where the change is about something else. */
function memberChangeOf(change: StateChange): { before: Membership | undefined; after: Membership } | undefined {
  if (change.type !== 'm.room.member') return undefined;
  // Whose member event a merge has taken away was never in the room.
  const after = change.isRemoved ? undefined : change.event.membership;
  return { before: change.before, after: after ?? 'leave' };
}

export interface WriteStateTools {
  readonly transaction: Transaction;
  readonly room: Room;
  readonly serverName: ServerName;
  readonly position: StreamPosition;
  /** The state that the changes lead to: what an invited user is shown of the room. */
  readonly lookup: StateLookup;
}

/** Writes changes of the current state, and the places of local users that they move. */
export function writeStateChanges(changes: readonly StateChange[], tools: WriteStateTools): void {
  const { transaction, room } = tools;
  for (const change of changes) {
    const { type, stateKey, event } = change;
    if (change.isRemoved) transaction.rooms.removeCurrentState(room.number, [{ type, stateKey }]);
    else {
      const { membership } = event;
      const entry = { type, stateKey, event: event.number, ...(membership !== undefined && { membership }) };
      transaction.rooms.setCurrentState(room.number, [entry]);
    }
    writeMembership(change, tools);
  }
  writeServers(changes, tools);
}

/** Notes the servers whose first user has joined, and those whose last one is gone. */
function writeServers(changes: readonly StateChange[], { transaction, room, serverName }: WriteStateTools): void {
  const shifts = new Map<ServerName, number>();
  for (const change of changes) {
    const member = memberChangeOf(change);
    const server = serverOf(change.stateKey);
    if (member === undefined || server === undefined || server === serverName) continue;
    const shift = Number(member.after === 'join') - Number(member.before === 'join');
    if (shift !== 0) shifts.set(server, (shifts.get(server) ?? 0) + shift);
  }
  for (const [server, shift] of shifts) {
    const before = room.servers.countOf(server);
    if (before === 0 && shift > 0) transaction.federation.addRoomServer(room.number, server);
    if (before > 0 && before + shift <= 0) transaction.federation.removeRoomServer(room.number, server);
  }
}

/**
 * Marks an event that other servers are to get: one row, however many they are. Beside the servers in the room the
 * one of a user who is kept out hears of it; whoever is invited is told by a request of its own.
 */
export function markOutbound(
  event: Pick<RoomEvent, 'number' | 'pdu'>,
  { transaction, room, serverName }: Pick<WriteStateTools, 'transaction' | 'room' | 'serverName'>,
): void {
  const { pdu } = event;
  const membership = membershipOfEvent(pdu);
  const isKeptOut = (membership === 'leave' || membership === 'ban') && pdu.stateKey !== pdu.sender;
  const target = isKeptOut && pdu.stateKey !== undefined ? serverOf(pdu.stateKey) : undefined;
  const also = target === serverName || (target !== undefined && room.servers.has(target)) ? undefined : target;
  if (room.servers.size === 0 && also === undefined) return;
  transaction.federation.putOutboundEvent(room.number, event.number, also);
}

function writeMembership(change: StateChange, tools: WriteStateTools): void {
  const { transaction, room, serverName, position, lookup } = tools;
  const member = memberChangeOf(change);
  const { event } = change;
  if (member === undefined || serverOf(change.stateKey) !== serverName) return;
  const isGuest = member.after === 'invite' || member.after === 'knock';
  const pdu = isGuest ? event.event?.pdu : undefined;
  transaction.rooms.setMembership({
    user: change.stateKey as UserId,
    room: room.number,
    roomId: room.roomId,
    membership: member.after,
    event: event.number,
    position,
    sender: event.sender,
    strippedState: pdu === undefined ? undefined : strippedState(lookup, pdu),
  });
}

/** The counts of a room after some changes. */
export function countsAfter(
  { joinedCount, invitedCount }: Pick<RoomHead, 'joinedCount' | 'invitedCount'>,
  changes: readonly StateChange[],
): Pick<RoomHead, 'joinedCount' | 'invitedCount'> {
  const counts = { joinedCount, invitedCount };
  for (const change of changes) {
    const member = memberChangeOf(change);
    if (member === undefined) continue;
    counts.joinedCount += Number(member.after === 'join') - Number(member.before === 'join');
    counts.invitedCount += Number(member.after === 'invite') - Number(member.before === 'invite');
  }
  return counts;
}

/** Carries changes over into the room in memory. */
export function rememberStateChanges(room: Room, changes: readonly StateChange[], serverName: ServerName): void {
  for (const change of changes) {
    const { type, stateKey, event } = change;
    if (change.isRemoved) room.removeState(type, stateKey);
    else if (event.event !== undefined) room.setState(event.event);
    const member = memberChangeOf(change);
    if (member === undefined) continue;
    const server = serverOf(stateKey);
    if (server === serverName) {
      if (member.after === 'join') room.localJoined.add(stateKey as UserId);
      else room.localJoined.delete(stateKey as UserId);
    } else if (server !== undefined) {
      room.servers.count(server, Number(member.after === 'join') - Number(member.before === 'join'));
    }
  }
}

/** What users here are told of their own membership. */
export function memberNewsOf(changes: readonly StateChange[], serverName: ServerName): MemberNews[] {
  return newsOf(changes, (server) => server === serverName);
}

/** Whose membership has changed: of users here, and of those of other servers, where there are any. */
export function membershipNewsOf(
  changes: readonly StateChange[],
  serverName: ServerName,
): { members?: readonly MemberNews[]; others?: readonly MemberNews[] } {
  const members = memberNewsOf(changes, serverName);
  const others = newsOf(changes, (server) => server !== undefined && server !== serverName);
  return { ...(members.length > 0 && { members }), ...(others.length > 0 && { others }) };
}

function newsOf(changes: readonly StateChange[], isWanted: (server: ServerName | undefined) => boolean): MemberNews[] {
  return changes.flatMap((change) => {
    const member = memberChangeOf(change);
    if (member === undefined || !isWanted(serverOf(change.stateKey))) return [];
    const { sender } = change.event;
    return [{ user: change.stateKey as UserId, membership: member.after, before: member.before, by: sender }];
  });
}
