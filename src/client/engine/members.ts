/** Members, their names and their power, read from the stored state of a room. */
import { asNumber, asObject, asString, field, type JsonObject } from '../json.ts';
import type { RoomRecord } from '../store/records.ts';
import type { ReadTransaction } from '../store/store.ts';
import { parseMembership } from '../sync/parse-common.ts';
import type { Member, RoomDetails } from './contract.ts';

interface Power {
  readonly users: JsonObject;
  readonly usersDefault: number;
  readonly levels: JsonObject;
  readonly creators: ReadonlySet<string>;
}

/** From room version 12 the creators have more power than any number. */
const CREATOR_POWER = 1_000_000;

async function readPower(one: ReadTransaction, roomId: string): Promise<Power> {
  const levels = (await one.find('state', [roomId, 'm.room.power_levels', '']))?.content;
  const create = await one.find('state', [roomId, 'm.room.create', '']);
  const version = Number(asString(field(create?.content, 'room_version')) ?? '1');
  const creators = version >= 12 && create !== undefined ? [create.sender] : [];
  // "If there is no m.room.power_levels event, the room's creator has power level 100".
  const fallback = levels === undefined && create !== undefined ? { [create.sender]: 100 } : {};
  return {
    users: asObject(field(levels, 'users')) ?? fallback,
    usersDefault: asNumber(field(levels, 'users_default')) ?? 0,
    levels: levels ?? {},
    creators: new Set(creators),
  };
}

function powerOf(power: Power, userId: string): number {
  if (power.creators.has(userId)) return CREATOR_POWER;
  return asNumber(field(power.users, userId)) ?? power.usersDefault;
}

/** The name of a member before there is a room to ask: the local part of the id. */
export function nameOfUser(userId: string): string {
  const colon = userId.indexOf(':');
  return colon < 2 ? userId : userId.slice(1, colon);
}

/** Name of a member as the room's state has it. */
export async function memberName(one: ReadTransaction, roomId: string, userId: string): Promise<string> {
  const event = await one.find('state', [roomId, 'm.room.member', userId]);
  return asString(field(event?.content, 'displayname'))?.trim() || nameOfUser(userId);
}

async function readMembers(one: ReadTransaction, roomId: string, power: Power): Promise<Member[]> {
  const rows = await one.list('state', { prefix: [roomId, 'm.room.member'] });
  return rows.map(({ value: event }) => {
    const avatarUrl = asString(field(event.content, 'avatar_url'));
    return {
      userId: event.stateKey,
      name: asString(field(event.content, 'displayname'))?.trim() || nameOfUser(event.stateKey),
      membership: parseMembership(field(event.content, 'membership')) ?? 'leave',
      powerLevel: powerOf(power, event.stateKey),
      ...(avatarUrl === undefined ? {} : { avatarUrl }),
    };
  });
}

/** Everybody who may read what is written now: joined, and invited where the history is open to them. */
export async function listReaders(one: ReadTransaction, room: RoomRecord): Promise<string[]> {
  const rows = await one.list('state', { prefix: [room.roomId, 'm.room.member'] });
  const invitedToo = room.historyVisibility !== 'joined';
  return rows
    .filter(({ value }) => {
      const membership = field(value.content, 'membership');
      return membership === 'join' || (invitedToo && membership === 'invite');
    })
    .map(({ value }) => value.stateKey);
}

/** What the details of a room show. */
export async function readRoomDetails(
  one: ReadTransaction,
  room: RoomRecord,
  options: { userId: string; typingUserIds: readonly string[] },
): Promise<RoomDetails> {
  const power = await readPower(one, room.roomId);
  const own = powerOf(power, options.userId);
  const level = (name: string, fallback: number) => asNumber(field(power.levels, name)) ?? fallback;
  const events = asObject(field(power.levels, 'events'));
  const stateDefault = level('state_default', Object.keys(power.levels).length === 0 ? 0 : 50);
  return {
    roomId: room.roomId,
    members: await readMembers(one, room.roomId, power),
    membersLoaded: room.membersLoaded,
    typingUserIds: options.typingUserIds.filter((userId) => userId !== options.userId),
    changedUserIds: [],
    ownPowerLevel: own,
    canInvite: own >= level('invite', 0),
    canRemove: own >= level('kick', 50),
    canRename: own >= (asNumber(field(events, 'm.room.name')) ?? stateDefault),
    canRedact: own >= level('redact', 50),
  };
}

/** The details of a room that is not known yet. */
export function emptyDetails(roomId: string): RoomDetails {
  return {
    roomId,
    members: [],
    membersLoaded: false,
    typingUserIds: [],
    changedUserIds: [],
    ownPowerLevel: 0,
    canInvite: false,
    canRemove: false,
    canRename: false,
    canRedact: false,
  };
}
