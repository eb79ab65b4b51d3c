/** The room list: one plain row per room, newest first. */
import { asObject, asString, field } from '../json.ts';
import type { RoomRecord } from '../store/records.ts';
import type { Sealer } from '../store/sealer.ts';
import type { ReadTransaction, Store } from '../store/store.ts';
import type { Preview } from '../timeline/body.ts';
import type { RoomSummary } from './contract.ts';
import { memberName, nameOfUser } from './members.ts';

const HEROES_MAX = 5;

/** Ids of the others in a room: those the server named, else those the state knows. */
async function others(one: ReadTransaction, room: RoomRecord, userId: string): Promise<string[]> {
  if (room.heroes.length > 0) return room.heroes.map((hero) => hero.userId).filter((id) => id !== userId);
  const rows = await one.list('state', { prefix: [room.roomId, 'm.room.member'], limit: HEROES_MAX + 1 });
  const present = rows.filter(({ value }) => {
    const membership = field(value.content, 'membership');
    return value.stateKey !== userId && (membership === 'join' || membership === 'invite');
  });
  return present.map(({ value }) => value.stateKey);
}

async function heroName(one: ReadTransaction, room: RoomRecord, userId: string): Promise<string> {
  const told = room.heroes.find((hero) => hero.userId === userId)?.displayName;
  return told ?? memberName(one, room.roomId, userId);
}

async function pictureOf(
  one: ReadTransaction,
  room: RoomRecord,
  heroes: readonly string[],
): Promise<string | undefined> {
  const only = heroes.length === 1 ? heroes[0] : undefined;
  if (room.avatarUrl !== undefined || only === undefined || !room.isDirect) return room.avatarUrl;
  const member = await one.find('state', [room.roomId, 'm.room.member', only]);
  const told = room.heroes.find((hero) => hero.userId === only)?.avatarUrl;
  return told ?? asString(field(member?.content, 'avatar_url'));
}

interface Row {
  readonly room: RoomRecord;
  readonly summary: Omit<RoomSummary, 'lastEvent'>;
  readonly senderName: string;
}

async function readRow(one: ReadTransaction, room: RoomRecord, userId: string): Promise<Row> {
  const heroes = (await others(one, room, userId)).slice(0, HEROES_MAX);
  const heroNames: string[] = [];
  for (const hero of heroes) heroNames.push(await heroName(one, room, hero));
  const avatarUrl = await pictureOf(one, room, heroes);
  const inviterName = room.inviter === undefined ? undefined : await memberName(one, room.roomId, room.inviter);
  const directUserId = room.isDirect ? heroes[0] : undefined;
  const sender = room.lastEvent?.sender;
  return {
    room,
    senderName: sender === undefined ? '' : await memberName(one, room.roomId, sender),
    summary: {
      roomId: room.roomId,
      membership: room.membership,
      heroNames,
      isDirect: room.isDirect,
      isEncrypted: room.isEncrypted,
      memberCount: room.joinedCount,
      unreadCount: room.unreadCount,
      highlightCount: room.highlightCount,
      isMarkedUnread: room.isMarkedUnread,
      isFavourite: room.isFavourite,
      isMuted: room.isMuted,
      ...(room.name === undefined ? {} : { name: room.name }),
      ...(room.topic === undefined ? {} : { topic: room.topic }),
      ...(avatarUrl === undefined ? {} : { avatarUrl }),
      ...(directUserId === undefined ? {} : { directUserId }),
      ...(room.inviter === undefined ? {} : { inviter: room.inviter }),
      ...(inviterName === undefined ? {} : { inviterName }),
    },
  };
}

async function openPreview(row: Row, sealer: Sealer): Promise<RoomSummary> {
  const last = row.room.lastEvent;
  if (last === undefined) return row.summary;
  const opened = asObject(await sealer.open(last.sealed).catch(() => undefined));
  const preview = opened === undefined ? { kind: 'unknown' as const, text: '' } : (opened as unknown as Preview);
  const { sender, timestampMs } = last;
  const senderName = row.senderName === '' ? nameOfUser(sender) : row.senderName;
  return { ...row.summary, lastEvent: { sender, senderName, timestampMs, preview } };
}

/** Every room worth a line: joined, invited, and those the user was removed from while looking. */
export async function readSummaries(store: Store, sealer: Sealer, userId: string): Promise<RoomSummary[]> {
  const rows = await store.read(['rooms', 'state'], async (one) => {
    const rooms = (await one.list('rooms', { prefix: [] })).map((entry) => entry.value);
    const shown = rooms.filter((room) => room.membership === 'join' || room.membership === 'invite');
    const read: Row[] = [];
    for (const room of shown) read.push(await readRow(one, room, userId));
    return read;
  });
  const summaries = await Promise.all(rows.map((row) => openPreview(row, sealer)));
  const stampOf = new Map(rows.map(({ room }) => [room.roomId, room.bumpStamp]));
  return summaries.toSorted((a, b) => {
    const invites = Number(b.membership === 'invite') - Number(a.membership === 'invite');
    const times = (b.lastEvent?.timestampMs ?? 0) - (a.lastEvent?.timestampMs ?? 0);
    return invites || times || (stampOf.get(b.roomId) ?? 0) - (stampOf.get(a.roomId) ?? 0);
  });
}
