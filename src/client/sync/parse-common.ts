import { parseRoomEvent, parseStateEvent, type RoomEvent, type StateEvent } from '../events.ts';
import { asArray, asNumber, asObject, asString, asStrings, field, objectEntries, type JsonObject } from '../json.ts';
import type { Membership } from '../store/records.ts';
import type { ReceiptChange } from './changes.ts';

const MEMBERSHIPS: ReadonlySet<string> = new Set(['join', 'invite', 'knock', 'leave', 'ban']);

export function parseMembership(value: unknown): Membership | undefined {
  return typeof value === 'string' && MEMBERSHIPS.has(value) ? (value as Membership) : undefined;
}

export function parseTimeline(value: unknown): RoomEvent[] {
  return asArray(value)
    .map(parseRoomEvent)
    .filter((event) => event !== undefined);
}

export interface ParsedState {
  readonly state: StateEvent[];
  readonly removed: { type: string; stateKey: string }[];
}

/** State events, and the stubs without `content` that say an entry is gone. */
export function parseState(value: unknown): ParsedState {
  const parsed: ParsedState = { state: [], removed: [] };
  for (const one of asArray(value)) {
    const event = parseStateEvent(one);
    if (event !== undefined) {
      parsed.state.push(event);
      continue;
    }
    const stub = asObject(one);
    const type = asString(field(stub, 'type'));
    const stateKey = asString(field(stub, 'state_key'));
    if (type !== undefined && stateKey !== undefined && stub !== undefined && !Object.hasOwn(stub, 'content')) {
      parsed.removed.push({ type, stateKey });
    }
  }
  return parsed;
}

/** Own membership as the `m.room.member` events among `state` tell it. */
export function membershipIn(state: readonly StateEvent[], userId: string): Membership | undefined {
  const own = state.findLast((event) => event.type === 'm.room.member' && event.stateKey === userId);
  return parseMembership(field(own?.content, 'membership'));
}

/** The receipts of an `m.receipt` content: event id → receipt type → user → details. */
export function parseReceipts(roomId: string, content: JsonObject | undefined): ReceiptChange[] {
  const receipts: ReceiptChange[] = [];
  for (const [eventId, kinds] of objectEntries(content)) {
    for (const kind of ['m.read', 'm.read.private']) {
      for (const [userId, details] of objectEntries(field(kinds, kind))) {
        const thread = asString(field(details, 'thread_id'));
        if (thread !== undefined && thread !== 'main') continue;
        receipts.push({ roomId, userId, eventId, timestampMs: asNumber(field(details, 'ts')) ?? 0 });
      }
    }
  }
  return receipts;
}

export function parseCounts(value: unknown): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [name, count] of Object.entries(asObject(value) ?? {})) {
    if (typeof count === 'number' && Number.isInteger(count)) counts.set(name, count);
  }
  return counts;
}

export function parseDeviceLists(value: unknown): { changedUsers: string[]; leftUsers: string[] } {
  const lists = asObject(value);
  return { changedUsers: asStrings(field(lists, 'changed')), leftUsers: asStrings(field(lists, 'left')) };
}

export function toDeviceEvents(value: unknown): JsonObject[] {
  return asArray(value)
    .map(asObject)
    .filter((event) => event !== undefined);
}
