/** Typing, receipts and presence as servers tell each other: read, and written as canonical JSON. Pure. */
import { type EventId, parseEventId, parseRoomId, parseUserId, type RoomId, type UserId } from '../../../matrix/ids.ts';
import {
  asObject,
  getArray,
  getBoolean,
  getInteger,
  getObject,
  getString,
  getStrings,
  type JsonObject,
} from '../../../matrix/json.ts';
import { requireCanonical } from '../../../matrix/json-input.ts';
import type { PresenceState } from '../../presence/index.ts';

export interface TypingNotice {
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly typing: boolean;
}

export interface ReceiptNotice {
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly event: EventId;
  readonly thread: string | undefined;
  readonly sentAt: number;
}

export interface PresenceNotice {
  readonly user: UserId;
  readonly state: PresenceState;
  readonly statusMessage: string | undefined;
  readonly lastActiveAgoMs: number;
}

/** Entries of one EDU that are looked at: more than a server has to say at once. */
const ENTRIES_MAX = 1_000;
const STATES: ReadonlyMap<string, PresenceState> = new Map([
  ['online', 'online'],
  ['offline', 'offline'],
  ['unavailable', 'unavailable'],
]);

/** `m.typing`; `undefined` where it is not well formed. */
export function readTyping(content: JsonObject): TypingNotice | undefined {
  const roomId = parseRoomId(getString(content, 'room_id') ?? '');
  const user = parseUserId(getString(content, 'user_id') ?? '');
  const typing = getBoolean(content, 'typing');
  return roomId === undefined || user === undefined || typing === undefined ? undefined : { roomId, user, typing };
}

/** The public receipts of an `m.receipt`; others are left out. */
export function readReceipts(content: JsonObject): ReceiptNotice[] {
  const receipts: ReceiptNotice[] = [];
  for (const [room, types] of Object.entries(content)) {
    const roomId = parseRoomId(room);
    if (roomId === undefined) continue;
    for (const [name, told] of Object.entries(getObject(asObject(types), 'm.read') ?? {})) {
      const receipt = readReceipt(name, asObject(told));
      if (receipt !== undefined) receipts.push({ roomId, ...receipt });
      if (receipts.length >= ENTRIES_MAX) return receipts;
    }
  }
  return receipts;
}

function readReceipt(name: string, told: JsonObject | undefined): Omit<ReceiptNotice, 'roomId'> | undefined {
  const user = parseUserId(name);
  const [id] = getStrings(told, 'event_ids') ?? [];
  const event = parseEventId(id ?? '');
  const data = getObject(told, 'data');
  const sentAt = getInteger(data, 'ts');
  const thread = getString(data, 'thread_id');
  if (user === undefined || event === undefined || sentAt === undefined || sentAt < 0) return undefined;
  // "thread_id: The root thread event's ID (or `main`)".
  const isThread = thread === undefined || thread === 'main' || parseEventId(thread) !== undefined;
  return isThread ? { user, event, thread, sentAt } : undefined;
}

/** The updates of an `m.presence`; others are left out. */
export function readPresence(content: JsonObject): PresenceNotice[] {
  return (getArray(content, 'push') ?? []).slice(0, ENTRIES_MAX).flatMap((one) => {
    const update = asObject(one);
    const user = parseUserId(getString(update, 'user_id') ?? '');
    const state = STATES.get(getString(update, 'presence') ?? '');
    if (user === undefined || state === undefined) return [];
    const lastActiveAgoMs = Math.max(0, getInteger(update, 'last_active_ago') ?? 0);
    return [{ user, state, statusMessage: getString(update, 'status_msg'), lastActiveAgoMs }];
  });
}

/** An `m.typing`. */
export function typingEdu({ roomId, user, typing }: TypingNotice): string {
  return requireCanonical({ content: { room_id: roomId, typing, user_id: user }, edu_type: 'm.typing' });
}

/** An `m.receipt` with one receipt. */
export function receiptEdu({ roomId, user, event, thread, sentAt }: ReceiptNotice): string {
  const data = { ts: sentAt, ...(thread !== undefined && { thread_id: thread }) };
  const content = { [roomId]: { 'm.read': { [user]: { data, event_ids: [event] } } } };
  return requireCanonical({ content, edu_type: 'm.receipt' });
}

/** An `m.presence` of one user, out of the content of the user's presence event. */
export function presenceEdu(user: UserId, content: JsonObject): string {
  // "required: ['user_id', 'presence', 'last_active_ago']"
  const update = { last_active_ago: 0, ...content, user_id: user };
  return requireCanonical({ content: { push: [update] }, edu_type: 'm.presence' });
}
