/** The room's row after a change: what the server told, what the state says, what this device counted. Pure. */
import { isMessage, type RoomEvent, type StateEvent } from '../events.ts';
import { asArray, asObject, asString, asStrings, field, type JsonObject } from '../json.ts';
import type { LastEvent, RoomRecord } from '../store/records.ts';
import { visible } from '../events.ts';
import type { RoomChange } from './changes.ts';

export function newRoom(roomId: string): RoomRecord {
  return {
    roomId,
    membership: 'join',
    heroes: [],
    isDirect: false,
    isEncrypted: false,
    joinedCount: 0,
    invitedCount: 0,
    bumpStamp: 0,
    unreadCount: 0,
    highlightCount: 0,
    isMarkedUnread: false,
    isFavourite: false,
    isMuted: false,
    membersLoaded: false,
  };
}

type Mutable = { -readonly [K in keyof RoomRecord]: RoomRecord[K] };

function setText(room: Mutable, key: 'name' | 'topic' | 'avatarUrl', value: string | null | undefined): void {
  if (value === undefined) return;
  if (value === null || value === '') delete room[key];
  else room[key] = value;
}

function applyState(room: Mutable, state: readonly StateEvent[], userId: string): void {
  for (const event of state) {
    if (event.type === 'm.room.member') {
      if (event.stateKey !== userId) continue;
      const membership = field(event.content, 'membership');
      if (membership === 'invite') {
        room.inviter = event.sender;
        if (field(event.content, 'is_direct') === true) room.isDirect = true;
      }
      continue;
    }
    if (event.stateKey !== '') continue;
    const text = (key: string) => asString(field(event.content, key)) ?? null;
    if (event.type === 'm.room.name') setText(room, 'name', text('name'));
    else if (event.type === 'm.room.topic') setText(room, 'topic', text('topic'));
    else if (event.type === 'm.room.avatar') setText(room, 'avatarUrl', text('url'));
    else if (event.type === 'm.room.history_visibility')
      room.historyVisibility = text('history_visibility') ?? 'shared';
    // "Once encryption is enabled it cannot be disabled": no state the server shows takes it back.
    else if (event.type === 'm.room.encryption') room.isEncrypted = true;
  }
}

function mentions(event: RoomEvent, userId: string): boolean {
  const mention = asObject(field(visible(event).content, 'm.mentions'));
  return field(mention, 'room') === true || asStrings(field(mention, 'user_ids')).includes(userId);
}

function countUnread(room: Mutable, change: RoomChange, userId: string): void {
  const live = change.liveCount === 0 ? [] : change.timeline.slice(-change.liveCount);
  for (const event of live) {
    if (event.sender === userId) {
      if (isMessage(event)) [room.unreadCount, room.highlightCount] = [0, 0];
      continue;
    }
    if (!isMessage(event)) continue;
    room.unreadCount += 1;
    if (mentions(event, userId)) room.highlightCount += 1;
  }
  const { notificationCount, highlightCount } = change.summary;
  if (notificationCount !== undefined) room.unreadCount = notificationCount;
  if (highlightCount !== undefined && !room.isEncrypted) room.highlightCount = highlightCount;
}

/** Merges one change into the row; `lastEvent` is the newest event worth a line in the list. */
export function mergeRoom(
  before: RoomRecord | undefined,
  change: RoomChange,
  options: { userId: string; lastEvent: LastEvent | undefined; liveFragment: number | undefined },
): RoomRecord {
  const room: Mutable = { ...(before ?? newRoom(change.roomId)) };
  const { summary } = change;
  if (change.membership !== undefined) room.membership = change.membership;
  setText(room, 'name', summary.name);
  setText(room, 'avatarUrl', summary.avatarUrl);
  if (summary.heroes !== undefined) room.heroes = summary.heroes;
  if (summary.isDirect !== undefined) room.isDirect = summary.isDirect;
  if (summary.joinedCount !== undefined) room.joinedCount = summary.joinedCount;
  if (summary.invitedCount !== undefined) room.invitedCount = summary.invitedCount;
  if (summary.bumpStamp !== undefined) room.bumpStamp = summary.bumpStamp;
  applyState(room, change.state, options.userId);
  countUnread(room, change, options.userId);
  if (options.lastEvent !== undefined) room.lastEvent = options.lastEvent;
  if (options.liveFragment !== undefined) room.liveFragment = options.liveFragment;
  // "clients must flush any membership cache when limited is true"
  if (change.limited) room.membersLoaded = false;
  return room;
}

/** Rooms that `m.direct` names: user → room ids. */
export function directRooms(content: JsonObject): Set<string> {
  const rooms = new Set<string>();
  for (const ids of Object.values(content)) for (const id of asStrings(ids)) rooms.add(id);
  return rooms;
}

/** Rooms whose own push rule says not to notify. */
export function mutedRooms(pushRules: JsonObject): Set<string> {
  const muted = new Set<string>();
  const global = asObject(field(pushRules, 'global'));
  for (const kind of ['override', 'room']) {
    for (const one of asArray(field(global, kind))) {
      const rule = asObject(one);
      const ruleId = asString(field(rule, 'rule_id'));
      if (ruleId?.startsWith('!') !== true || field(rule, 'enabled') !== true) continue;
      if (!asArray(field(rule, 'actions')).includes('notify')) muted.add(ruleId);
    }
  }
  return muted;
}
