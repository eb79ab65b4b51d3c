/** What a person does with rooms: making, joining, leaving, inviting, naming. */
import { createRoom } from '../../matrix/api/client-server/createRoom.ts';
import { deleteRoomTag } from '../../matrix/api/client-server/deleteRoomTag.ts';
import { inviteUser } from '../../matrix/api/client-server/inviteUser.ts';
import { joinRoom } from '../../matrix/api/client-server/joinRoom.ts';
import { kick } from '../../matrix/api/client-server/kick.ts';
import { leaveRoom } from '../../matrix/api/client-server/leaveRoom.ts';
import { postReceipt } from '../../matrix/api/client-server/postReceipt.ts';
import { searchUserDirectory } from '../../matrix/api/client-server/searchUserDirectory.ts';
import { setAccountData } from '../../matrix/api/client-server/setAccountData.ts';
import { setRoomStateWithKey } from '../../matrix/api/client-server/setRoomStateWithKey.ts';
import { setRoomTag } from '../../matrix/api/client-server/setRoomTag.ts';
import { setTyping } from '../../matrix/api/client-server/setTyping.ts';
import { parseUserId } from '../../matrix/ids.ts';
import { asStrings, type JsonObject } from '../json.ts';
import { newRoom } from '../sync/room-merge.ts';
import type { Account } from './account.ts';
import type { Commands, FoundUser } from './contract.ts';

type RoomCommands = Pick<
  Commands,
  | 'createDirect'
  | 'createGroup'
  | 'joinRoom'
  | 'leaveRoom'
  | 'inviteUser'
  | 'removeMember'
  | 'renameRoom'
  | 'markRead'
  | 'setTyping'
  | 'setFavourite'
  | 'searchUsers'
>;

const ENCRYPTION = { type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } };
const TYPING_MS = 20_000;

/** The room in which one talks with somebody alone. */
export async function findDirect(account: Account, userId: string): Promise<string | undefined> {
  return account.store.read(['accountData', 'rooms'], async (one) => {
    const direct = await one.find('accountData', ['', 'm.direct']);
    const ids = direct !== undefined && Object.hasOwn(direct, userId) ? asStrings(direct[userId]) : [];
    for (const roomId of ids) {
      if ((await one.find('rooms', [roomId]))?.membership === 'join') return roomId;
    }
    return undefined;
  });
}

/** "m.direct: an object where the keys are the user IDs and values are lists of room ID strings". */
async function addDirect(account: Account, userId: string, roomId: string): Promise<void> {
  const before = (await account.store.read(['accountData'], (one) => one.find('accountData', ['', 'm.direct']))) ?? {};
  const own = Object.hasOwn(before, userId) ? asStrings(before[userId]) : [];
  const content: JsonObject = { ...before, [userId]: [...new Set([...own, roomId])] };
  await account.store.write(['accountData'], async (one) => one.put('accountData', ['', 'm.direct'], content));
  const path = { userId: account.userId, type: 'm.direct' };
  await account.api.call(setAccountData, { path, body: { ...content } });
}

/** Keeps what we know of a room we made, so that it can be shown and written to before sync brings it. */
async function remember(
  account: Account,
  roomId: string,
  more: { name?: string; isDirect: boolean; userIds: readonly string[] },
) {
  await account.store.write(['rooms'], async (one) => {
    if ((await one.find('rooms', [roomId])) !== undefined) return;
    one.put('rooms', [roomId], {
      ...newRoom(roomId),
      isDirect: more.isDirect,
      isEncrypted: true,
      joinedCount: 1,
      invitedCount: more.userIds.length,
      heroes: more.userIds.map((userId) => ({ userId })),
      ...(more.name === undefined ? {} : { name: more.name }),
    });
  });
  account.rooms.changed();
}

async function createDirect(account: Account, userId: string): Promise<string> {
  const known = await findDirect(account, userId);
  if (known !== undefined) return known;
  const { room_id: roomId } = await account.api.call(createRoom, {
    body: { preset: 'trusted_private_chat', is_direct: true, invite: [userId], initial_state: [ENCRYPTION] },
  });
  await addDirect(account, userId, roomId);
  await remember(account, roomId, { isDirect: true, userIds: [userId] });
  return roomId;
}

async function createGroup(account: Account, request: { name: string; userIds: readonly string[] }): Promise<string> {
  const { name, userIds } = request;
  const { room_id: roomId } = await account.api.call(createRoom, {
    body: { preset: 'private_chat', name, invite: [...userIds], initial_state: [ENCRYPTION] },
  });
  await remember(account, roomId, { name, isDirect: false, userIds });
  return roomId;
}

async function join(account: Account, roomIdOrAlias: string): Promise<string> {
  const room = await account.store.read(['rooms'], (one) => one.find('rooms', [roomIdOrAlias]));
  const { room_id: roomId } = await account.api.call(joinRoom, { path: { roomIdOrAlias }, body: {} });
  const inviter = room?.membership === 'invite' && room.isDirect ? room.inviter : undefined;
  if (inviter !== undefined) await addDirect(account, inviter, roomId);
  account.wake();
  return roomId;
}

async function leave(account: Account, roomId: string): Promise<void> {
  await account.api.call(leaveRoom, { path: { roomId }, body: {} });
  await account.store.write(['rooms'], async (one) => {
    const room = await one.find('rooms', [roomId]);
    if (room !== undefined) one.put('rooms', [roomId], { ...room, membership: 'leave' });
  });
  account.rooms.changed();
}

/** Sends a receipt for the newest event of a room, and takes the count away at once. */
async function markRead(account: Account, roomId: string): Promise<void> {
  const newest = await account.store.write(['rooms', 'events', 'receipts'], async (one) => {
    const room = await one.find('rooms', [roomId]);
    if (room?.liveFragment === undefined) return undefined;
    const rows = await one.list('events', { prefix: [roomId, room.liveFragment], reverse: true, limit: 1 });
    const event = rows[0]?.value;
    const receipt = await one.find('receipts', [roomId, account.userId]);
    if (event === undefined || (receipt?.eventId === event.eventId && room.unreadCount === 0)) return undefined;
    one.put('rooms', [roomId], { ...room, unreadCount: 0, highlightCount: 0, isMarkedUnread: false });
    one.put('receipts', [roomId, account.userId], { eventId: event.eventId, timestampMs: event.timestampMs });
    return event.eventId;
  });
  if (newest === undefined) return;
  account.rooms.changed();
  await account.api.call(postReceipt, { path: { roomId, receiptType: 'm.read', eventId: newest }, body: {} });
}

async function searchUsers(account: Account, term: string): Promise<readonly FoundUser[]> {
  const answer = await account.api.call(searchUserDirectory, { body: { search_term: term, limit: 20 } });
  const found = answer.results.map((row) => ({
    userId: row.user_id,
    ...(row.display_name === undefined ? {} : { name: row.display_name }),
    ...(row.avatar_url === undefined ? {} : { avatarUrl: row.avatar_url }),
  }));
  const typed = parseUserId(term.trim());
  const missing = typed !== undefined && !found.some((one) => one.userId === typed);
  return missing ? [{ userId: typed }, ...found] : found;
}

async function setFavourite(account: Account, roomId: string, isFavourite: boolean): Promise<void> {
  const path = { userId: account.userId, roomId, tag: 'm.favourite' };
  if (isFavourite) await account.api.call(setRoomTag, { path, body: {} });
  else await account.api.call(deleteRoomTag, { path });
  await account.store.write(['rooms'], async (one) => {
    const room = await one.find('rooms', [roomId]);
    if (room !== undefined) one.put('rooms', [roomId], { ...room, isFavourite });
  });
  account.rooms.changed();
}

/** The commands over rooms; `account` gives the signed-in one or fails. */
export function roomCommands(account: () => Account): RoomCommands {
  return {
    createDirect: (userId) => createDirect(account(), userId),
    createGroup: (request) => createGroup(account(), request),
    joinRoom: (roomIdOrAlias) => join(account(), roomIdOrAlias),
    leaveRoom: (roomId) => leave(account(), roomId),
    async inviteUser(roomId, userId) {
      await account().api.call(inviteUser, { path: { roomId }, body: { user_id: userId } });
    },
    async removeMember(roomId, userId) {
      await account().api.call(kick, { path: { roomId }, body: { user_id: userId } });
    },
    async renameRoom(roomId, name) {
      const path = { roomId, eventType: 'm.room.name', stateKey: '' };
      await account().api.call(setRoomStateWithKey, { path, body: { name } });
    },
    markRead: (roomId) => markRead(account(), roomId),
    async setTyping(roomId, isTyping) {
      const { api, userId } = account();
      const body = isTyping ? { typing: true, timeout: TYPING_MS } : { typing: false };
      await api.call(setTyping, { path: { roomId, userId }, body });
    },
    setFavourite: (roomId, isFavourite) => setFavourite(account(), roomId, isFavourite),
    searchUsers: (term) => searchUsers(account(), term),
  };
}
