/** Simplified sliding sync (MSC4186): the answer as changes. Names of the unstable form are read too. */
import { asArray, asBoolean, asNumber, asObject, asString, asStrings, field, objectEntries } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Hero } from '../store/records.ts';
import type { CryptoChange } from '../crypto/face.ts';
import type { RoomChange, RoomSummaryChange, SyncChanges } from './changes.ts';
import {
  membershipIn,
  parseCounts,
  parseDeviceLists,
  parseMembership,
  parseReceipts,
  parseState,
  parseTimeline,
  toDeviceEvents,
} from './parse-common.ts';

function parseHeroes(value: unknown): Hero[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const heroes: Hero[] = [];
  for (const one of value) {
    const hero = asObject(one);
    const userId = asString(field(hero, 'user_id'));
    if (userId === undefined) continue;
    const displayName = asString(field(hero, 'displayname')) ?? asString(field(hero, 'name'));
    const avatarUrl = asString(field(hero, 'avatar_url')) ?? asString(field(hero, 'avatar'));
    heroes.push({
      userId,
      ...(displayName === undefined ? {} : { displayName }),
      ...(avatarUrl === undefined ? {} : { avatarUrl }),
    });
  }
  return heroes;
}

/** "When `initial` is set to `true` then an omitted field means that the field is not set". */
function textChange(room: JsonObject, key: string, initial: boolean): string | null | undefined {
  const value = field(room, key);
  if (typeof value === 'string') return value;
  return value === null || initial ? null : undefined;
}

function parseSummary(room: JsonObject, initial: boolean): RoomSummaryChange {
  const summary: { -readonly [K in keyof RoomSummaryChange]: RoomSummaryChange[K] | undefined } = {
    name: textChange(room, 'name', initial),
    avatarUrl: textChange(room, 'avatar', initial),
    heroes: parseHeroes(field(room, 'heroes')) ?? (initial ? [] : undefined),
    isDirect: asBoolean(field(room, 'is_dm')) ?? (initial ? false : undefined),
    joinedCount: asNumber(field(room, 'joined_count')),
    invitedCount: asNumber(field(room, 'invited_count')),
    bumpStamp: asNumber(field(room, 'bump_stamp')),
    notificationCount: asNumber(field(room, 'notification_count')),
    highlightCount: asNumber(field(room, 'highlight_count')),
  };
  return Object.fromEntries(Object.entries(summary).filter(([, value]) => value !== undefined));
}

function parseRoom(roomId: string, room: JsonObject, userId: string): RoomChange {
  const initial = asBoolean(field(room, 'initial')) ?? false;
  const stripped = field(room, 'stripped_state') ?? field(room, 'invite_state');
  const { state, removed } = parseState(stripped ?? field(room, 'required_state'));
  const timeline = parseTimeline(field(room, 'timeline'));
  const told = parseMembership(field(room, 'membership')) ?? membershipIn(state, userId);
  const membership = told ?? (stripped !== undefined ? 'invite' : initial ? 'join' : undefined);
  const prevBatch = asString(field(room, 'prev_batch'));
  const expanded = asBoolean(field(room, 'expanded_timeline') ?? field(room, 'unstable_expanded_timeline')) ?? false;
  return {
    roomId,
    initial,
    timeline,
    liveCount: asNumber(field(room, 'num_live')) ?? (initial || expanded ? 0 : timeline.length),
    limited: asBoolean(field(room, 'limited')) ?? false,
    state,
    removedState: removed,
    summary: parseSummary(room, initial),
    ...(membership === undefined ? {} : { membership }),
    ...(prevBatch === undefined ? {} : { prevBatch }),
  };
}

function parseCrypto(extensions: JsonObject | undefined): CryptoChange | undefined {
  const toDevice = asObject(field(extensions, 'to_device'));
  const e2ee = asObject(field(extensions, 'e2ee'));
  if (toDevice === undefined && e2ee === undefined) return undefined;
  const unused = field(e2ee, 'device_unused_fallback_key_types');
  return {
    toDevice: toDeviceEvents(field(toDevice, 'events')),
    ...parseDeviceLists(field(e2ee, 'device_lists')),
    oneTimeKeyCounts: parseCounts(field(e2ee, 'device_one_time_keys_count')),
    ...(Array.isArray(unused) ? { unusedFallbackKeys: asStrings(unused) } : {}),
  };
}

function parseAccountData(extension: JsonObject | undefined): SyncChanges['accountData'] {
  const parsed: { type: string; content: JsonObject; roomId?: string }[] = [];
  const add = (value: unknown, roomId?: string) => {
    const event = asObject(value);
    const type = asString(field(event, 'type'));
    const content = asObject(field(event, 'content'));
    if (type === undefined || content === undefined) return;
    parsed.push({ type, content, ...(roomId === undefined ? {} : { roomId }) });
  };
  for (const one of asArray(field(extension, 'global'))) add(one);
  for (const [roomId, events] of Object.entries(asObject(field(extension, 'rooms')) ?? {})) {
    for (const one of asArray(events)) add(one, roomId);
  }
  return parsed;
}

/** Parses an answer; `undefined` when it has no position to go on from. */
export function parseSlidingSync(answer: unknown, userId: string): SyncChanges | undefined {
  const body = asObject(answer);
  const position = asString(field(body, 'pos'));
  if (body === undefined || position === undefined) return undefined;
  const extensions = asObject(field(body, 'extensions'));
  const inRooms = (name: string) => objectEntries(field(asObject(field(extensions, name)), 'rooms'));
  const crypto = parseCrypto(extensions);
  const toDevicePosition = asString(field(asObject(field(extensions, 'to_device')), 'next_batch'));
  const roomCount = asNumber(field(asObject(field(asObject(field(body, 'lists')), 'all')), 'count'));
  return {
    position,
    rooms: objectEntries(field(body, 'rooms')).map(([roomId, room]) => parseRoom(roomId, room, userId)),
    accountData: parseAccountData(asObject(field(extensions, 'account_data'))),
    receipts: inRooms('receipts').flatMap(([roomId, event]) =>
      parseReceipts(roomId, asObject(field(event, 'content'))),
    ),
    typing: inRooms('typing').map(([roomId, event]) => ({
      roomId,
      userIds: asStrings(field(asObject(field(event, 'content')), 'user_ids')),
    })),
    ...(crypto === undefined ? {} : { crypto }),
    ...(toDevicePosition === undefined ? {} : { toDevicePosition }),
    ...(roomCount === undefined ? {} : { roomCount }),
  };
}
