/** `/sync` of v3: the answer as the same changes that sliding sync gives. */
import { asArray, asBoolean, asNumber, asObject, asString, asStrings, field, objectEntries } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Membership } from '../store/records.ts';
import type { CryptoChange } from '../crypto/face.ts';
import type { RoomChange, RoomSummaryChange, SyncChanges } from './changes.ts';
import {
  parseCounts,
  parseDeviceLists,
  parseReceipts,
  parseState,
  parseTimeline,
  toDeviceEvents,
} from './parse-common.ts';

function parseSummary(room: JsonObject): RoomSummaryChange {
  const summary = asObject(field(room, 'summary'));
  const unread = asObject(field(room, 'unread_notifications'));
  const heroes = field(summary, 'm.heroes');
  const found = {
    heroes: Array.isArray(heroes) ? asStrings(heroes).map((userId) => ({ userId })) : undefined,
    joinedCount: asNumber(field(summary, 'm.joined_member_count')),
    invitedCount: asNumber(field(summary, 'm.invited_member_count')),
    notificationCount: asNumber(field(unread, 'notification_count')),
    highlightCount: asNumber(field(unread, 'highlight_count')),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function parseRoom(roomId: string, room: JsonObject, membership: Membership): RoomChange {
  const timeline = asObject(field(room, 'timeline'));
  const before = parseState(field(asObject(field(room, 'state')), 'events'));
  const strippedKey = membership === 'invite' ? 'invite_state' : 'knock_state';
  const stripped = parseState(field(asObject(field(room, strippedKey)), 'events'));
  const events = parseTimeline(field(timeline, 'events'));
  // "State updates in the timeline": without state_after the timeline's own state events follow the state.
  const inTimeline = parseState(field(timeline, 'events'));
  const prevBatch = asString(field(timeline, 'prev_batch'));
  return {
    roomId,
    membership,
    initial: false,
    timeline: events,
    liveCount: events.length,
    limited: asBoolean(field(timeline, 'limited')) ?? false,
    state: [...before.state, ...stripped.state, ...inTimeline.state],
    removedState: [],
    summary: parseSummary(room),
    ...(prevBatch === undefined ? {} : { prevBatch }),
  };
}

function ephemeral(room: JsonObject, type: string): JsonObject[] {
  return asArray(field(asObject(field(room, 'ephemeral')), 'events'))
    .map(asObject)
    .filter((event) => event !== undefined && field(event, 'type') === type)
    .map((event) => asObject(field(event, 'content')) ?? {});
}

function parseAccountData(container: JsonObject | undefined, roomId?: string): SyncChanges['accountData'] {
  return asArray(field(asObject(field(container, 'account_data')), 'events'))
    .map(asObject)
    .flatMap((event) => {
      const type = asString(field(event, 'type'));
      const content = asObject(field(event, 'content'));
      if (type === undefined || content === undefined) return [];
      return [{ type, content, ...(roomId === undefined ? {} : { roomId }) }];
    });
}

function parseCrypto(body: JsonObject): CryptoChange {
  const unused = field(body, 'device_unused_fallback_key_types');
  return {
    toDevice: toDeviceEvents(field(asObject(field(body, 'to_device')), 'events')),
    ...parseDeviceLists(field(body, 'device_lists')),
    oneTimeKeyCounts: parseCounts(field(body, 'device_one_time_keys_count')),
    ...(Array.isArray(unused) ? { unusedFallbackKeys: asStrings(unused) } : {}),
  };
}

const SECTIONS = ['join', 'invite', 'knock', 'leave'] as const;

/** Parses an answer; `undefined` when it has no position to go on from. */
export function parseV3Sync(answer: unknown): SyncChanges | undefined {
  const body = asObject(answer);
  const position = asString(field(body, 'next_batch'));
  if (body === undefined || position === undefined) return undefined;
  const rooms = asObject(field(body, 'rooms'));
  const joined = objectEntries(field(rooms, 'join'));
  return {
    position,
    rooms: SECTIONS.flatMap((section) =>
      objectEntries(field(rooms, section)).map(([roomId, room]) => parseRoom(roomId, room, section)),
    ),
    accountData: [...parseAccountData(body), ...joined.flatMap(([roomId, room]) => parseAccountData(room, roomId))],
    receipts: joined.flatMap(([roomId, room]) =>
      ephemeral(room, 'm.receipt').flatMap((content) => parseReceipts(roomId, content)),
    ),
    typing: joined.flatMap(([roomId, room]) =>
      ephemeral(room, 'm.typing').map((content) => ({ roomId, userIds: asStrings(field(content, 'user_ids')) })),
    ),
    crypto: parseCrypto(body),
  };
}
