/** Room events as the core keeps them: parsed once from what the server sent. */
import { asNumber, asObject, asString, field, type JsonObject } from './json.ts';

export interface ClearContent {
  readonly type: string;
  readonly content: JsonObject;
}

/** How far the sender of a decrypted event is known to be who the event says. */
export type Shield = 'none' | 'grey' | 'red';

/** Why an encrypted event cannot be read (CLIENT.md §6.3). */
export type UnreadableCause =
  | 'pending'
  | 'missing-key'
  | 'backup-locked'
  | 'before-join'
  | 'withheld'
  | 'not-authentic'
  | 'unknown-algorithm';

export interface RoomEvent {
  readonly eventId: string;
  readonly type: string;
  readonly sender: string;
  readonly timestampMs: number;
  readonly content: JsonObject;
  readonly stateKey?: string;
  readonly redacted?: boolean;
  /** Echo of our own transaction id, given to the device that sent the event. */
  readonly transactionId?: string;
  /** The event that `m.room.redaction` takes back. */
  readonly redacts?: string;
  readonly clear?: ClearContent;
  readonly shield?: Shield;
  readonly unreadable?: UnreadableCause;
}

export interface StateEvent {
  readonly type: string;
  readonly stateKey: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly eventId?: string;
}

/** Parses a room event of `/sync` or `/messages`; `undefined` when a field is missing or of the wrong type. */
export function parseRoomEvent(value: unknown): RoomEvent | undefined {
  const raw = asObject(value);
  const eventId = asString(field(raw, 'event_id'));
  const type = asString(field(raw, 'type'));
  const sender = asString(field(raw, 'sender'));
  const content = asObject(field(raw, 'content'));
  if (eventId === undefined || type === undefined || sender === undefined || content === undefined) return undefined;
  const unsigned = asObject(field(raw, 'unsigned'));
  const stateKey = asString(field(raw, 'state_key'));
  const transactionId = asString(field(unsigned, 'transaction_id'));
  // "redacts" moved into the content with room version 11.
  const redacts = asString(field(content, 'redacts')) ?? asString(field(raw, 'redacts'));
  const redacted = asObject(field(unsigned, 'redacted_because')) !== undefined;
  return {
    eventId,
    type,
    sender,
    content,
    timestampMs: asNumber(field(raw, 'origin_server_ts')) ?? 0,
    ...(stateKey === undefined ? {} : { stateKey }),
    ...(transactionId === undefined ? {} : { transactionId }),
    ...(redacts === undefined || type !== 'm.room.redaction' ? {} : { redacts }),
    ...(redacted ? { redacted } : {}),
  };
}

/** Parses a state event, full or stripped; `undefined` when it is none. */
export function parseStateEvent(value: unknown): StateEvent | undefined {
  const raw = asObject(value);
  const type = asString(field(raw, 'type'));
  const stateKey = asString(field(raw, 'state_key'));
  const content = asObject(field(raw, 'content'));
  if (type === undefined || stateKey === undefined || content === undefined) return undefined;
  const eventId = asString(field(raw, 'event_id'));
  const sender = asString(field(raw, 'sender')) ?? '';
  return { type, stateKey, sender, content, ...(eventId === undefined ? {} : { eventId }) };
}

/** The event as the specification writes it, for the crypto machine and for replies. */
export function toWireEvent(event: RoomEvent, roomId: string): JsonObject {
  return {
    event_id: event.eventId,
    type: event.type,
    sender: event.sender,
    origin_server_ts: event.timestampMs,
    room_id: roomId,
    content: event.content,
    ...(event.stateKey === undefined ? {} : { state_key: event.stateKey }),
  };
}

/** Type and content a reader sees: the decrypted ones where the event was encrypted. */
export function visible(event: RoomEvent): ClearContent {
  return event.clear ?? { type: event.type, content: event.content };
}

export interface Relation {
  readonly type: string;
  readonly targetId: string;
  readonly key?: string;
}

/**
 * The relation an event declares. "For encrypted events, m.relates_to is in the cleartext content":
 * the outer content decides.
 */
export function relationOf(event: RoomEvent): Relation | undefined {
  const relates = asObject(field(event.content, 'm.relates_to'));
  const type = asString(field(relates, 'rel_type'));
  const targetId = asString(field(relates, 'event_id'));
  if (type === undefined || targetId === undefined) return undefined;
  const key = asString(field(relates, 'key'));
  return { type, targetId, ...(key === undefined ? {} : { key }) };
}

/** The event that a rich reply answers. */
export function replyTargetOf(event: RoomEvent): string | undefined {
  const relates = asObject(field(event.content, 'm.relates_to'));
  return asString(field(asObject(field(relates, 'm.in_reply_to')), 'event_id'));
}

const MESSAGE_TYPES: ReadonlySet<string> = new Set(['m.room.message', 'm.room.encrypted', 'm.sticker']);

/** Whether a room member would call it a message: it counts as unread and moves the room up the list. */
export function isMessage(event: RoomEvent): boolean {
  if (event.stateKey !== undefined || event.redacted === true) return false;
  if (relationOf(event)?.type === 'm.replace') return false;
  const { type, content } = visible(event);
  return MESSAGE_TYPES.has(type) && field(content, 'msgtype') !== 'm.key.verification.request';
}

/** Whether an event belongs to a verification that goes through its room. */
export function isVerification(event: RoomEvent): boolean {
  const { type, content } = event.clear ?? event;
  return type.startsWith('m.key.verification.') || field(content, 'msgtype') === 'm.key.verification.request';
}
