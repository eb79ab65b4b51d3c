/**
 * One sync answer: read what is needed and decrypt (prepare), then one transaction over all rooms with
 * the new position (apply), and only then tell the world (CLIENT.md §4.3).
 */
import type { Decrypted } from '../crypto/face.ts';
import { isMessage, isVerification, relationOf, visible, type RoomEvent } from '../events.ts';
import { asObject, field } from '../json.ts';
import type { EventRecord, LastEvent, TableName } from '../store/records.ts';
import type { Sealer } from '../store/sealer.ts';
import type { Store, WriteTransaction } from '../store/store.ts';
import { previewOf } from '../timeline/body.ts';
import { appendLive, applyRedaction, FRAGMENT_TABLES, unreadableSessions } from '../timeline/fragments.ts';
import { sealEvent, withDecrypted } from '../timeline/records.ts';
import type { RoomChange, SyncChanges } from './changes.ts';
import { directRooms, mergeRoom, mutedRooms } from './room-merge.ts';

export interface ApplyDependencies {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly userId: string;
  decrypt(event: RoomEvent, roomId: string): Promise<Decrypted>;
}

interface PreparedRoom {
  readonly change: RoomChange;
  readonly records: readonly EventRecord[];
  readonly lastEvent: LastEvent | undefined;
  readonly lastIsMessage: boolean;
  /** New lines for events that are edited or taken back here, should one be the newest of the room. */
  readonly replaced: ReadonlyMap<string, Uint8Array>;
}

/** What the pages must hear of after the commit. */
export interface Applied {
  readonly rooms: ReadonlySet<string>;
  readonly transactionIds: ReadonlySet<string>;
  readonly eventIds: ReadonlySet<string>;
  readonly accountDataTypes: ReadonlySet<string>;
  readonly typing: SyncChanges['typing'];
  /** Verification events that arrived in rooms, readable. */
  readonly verificationEvents: readonly { readonly roomId: string; readonly event: RoomEvent }[];
  /** Sessions of events that could not be read: their keys may have come in the meantime. */
  readonly unreadable: readonly { readonly roomId: string; readonly sessionId: string }[];
  /** Joined rooms that turned out to be encrypted, or whose members changed. */
  readonly encryptedRooms: ReadonlySet<string>;
}

const APPLY_TABLES = [
  ...FRAGMENT_TABLES,
  'meta',
  'rooms',
  'state',
  'receipts',
  'accountData',
] as const satisfies readonly TableName[];

async function prepareRoom(change: RoomChange, dependencies: ApplyDependencies): Promise<PreparedRoom> {
  const events: RoomEvent[] = [];
  for (const event of change.timeline) {
    const encrypted = event.type === 'm.room.encrypted' && event.redacted !== true;
    events.push(encrypted ? withDecrypted(event, await dependencies.decrypt(event, change.roomId)) : event);
  }
  const records = await Promise.all(events.map((event) => sealEvent(dependencies.sealer, event)));
  const shown = events.filter((event) => relationOf(event)?.type !== 'm.replace' && previewOf(event) !== undefined);
  const message = shown.findLast((event) => isMessage(event));
  const newest = message ?? shown.at(-1);
  const lastEvent = await lastEventOf(newest, dependencies.sealer);
  const replaced = await replacedLines(events, dependencies.sealer);
  return {
    change: { ...change, timeline: events },
    records,
    lastEvent,
    lastIsMessage: message !== undefined,
    replaced,
  };
}

async function replacedLines(events: readonly RoomEvent[], sealer: Sealer): Promise<Map<string, Uint8Array>> {
  const lines = new Map<string, Uint8Array>();
  for (const event of events) {
    const relation = relationOf(event);
    const content = asObject(field(visible(event).content, 'm.new_content'));
    if (relation?.type === 'm.replace' && content !== undefined) {
      const preview = previewOf({ ...event, content: {}, clear: { type: 'm.room.message', content } });
      if (preview !== undefined) lines.set(relation.targetId, await sealer.seal(preview));
    } else if (event.redacts !== undefined) {
      lines.set(event.redacts, await sealer.seal({ kind: 'redacted', text: '' }));
    }
  }
  return lines;
}

/** The sealed line about an event for the room list. */
export async function lastEventOf(event: RoomEvent | undefined, sealer: Sealer): Promise<LastEvent | undefined> {
  const preview = event === undefined ? undefined : previewOf(event);
  if (event === undefined || preview === undefined) return undefined;
  const { eventId, sender, timestampMs } = event;
  return { eventId, sender, timestampMs, sealed: await sealer.seal(preview) };
}

async function applyRoom(one: WriteTransaction, prepared: PreparedRoom, userId: string): Promise<void> {
  const { change, records } = prepared;
  const { roomId } = change;
  const before = await one.find('rooms', [roomId]);
  if (change.initial) {
    const kept = (await one.list('state', { prefix: [roomId, 'm.room.encryption'] })).map((row) => row.value);
    one.removeRange('state', [roomId]);
    for (const event of kept) one.put('state', [roomId, event.type, event.stateKey], event);
  }
  for (const event of change.state) one.put('state', [roomId, event.type, event.stateKey], event);
  for (const gone of change.removedState) {
    if (gone.type !== 'm.room.encryption') one.remove('state', [roomId, gone.type, gone.stateKey]);
  }
  const appended = await appendLive(one, {
    roomId,
    liveFragment: before?.liveFragment,
    events: records,
    limited: change.limited,
    prevBatch: change.prevBatch,
  });
  for (const event of appended?.fresh ?? []) {
    if (event.redacts !== undefined) await applyRedaction(one, roomId, event.redacts);
  }
  const isFresh = appended?.fresh.some((event) => event.eventId === prepared.lastEvent?.eventId) ?? false;
  // Who joined or was verified is no reason to hide the last thing that was said.
  const isWorthIt = isFresh && (prepared.lastIsMessage || before?.lastEvent === undefined);
  const newest = isWorthIt ? prepared.lastEvent : before?.lastEvent;
  const line = newest === undefined ? undefined : prepared.replaced.get(newest.eventId);
  const lastEvent = newest === undefined || line === undefined ? newest : { ...newest, sealed: line };
  one.put('rooms', [roomId], mergeRoom(before, change, { userId, lastEvent, liveFragment: appended?.liveFragment }));
}

async function applyReceipts(one: WriteTransaction, changes: SyncChanges, userId: string): Promise<void> {
  for (const receipt of changes.receipts) {
    const key = [receipt.roomId, receipt.userId];
    const before = await one.find('receipts', key);
    if (before !== undefined && before.timestampMs > receipt.timestampMs) continue;
    one.put('receipts', key, { eventId: receipt.eventId, timestampMs: receipt.timestampMs });
    if (receipt.userId === userId) await recount(one, receipt.roomId, { eventId: receipt.eventId, userId });
  }
}

const COUNT_MAX = 200;

/** Our own receipt moved: what is unread is what came after it. */
async function recount(
  one: WriteTransaction,
  roomId: string,
  read: { eventId: string; userId: string },
): Promise<void> {
  const room = await one.find('rooms', [roomId]);
  const place = await one.find('eventIndex', [roomId, read.eventId]);
  if (room === undefined || place === undefined || place.fragment !== room.liveFragment) return;
  const range = { prefix: [roomId, place.fragment], from: place.position + 1, limit: COUNT_MAX };
  const after = (await one.list('events', range)).map((row) => row.value);
  const unreadCount = after.filter((event) => event.sender !== read.userId && isMessage(event)).length;
  const highlightCount = unreadCount === 0 ? 0 : room.highlightCount;
  one.put('rooms', [roomId], { ...room, unreadCount, highlightCount });
}

async function applyAccountData(one: WriteTransaction, changes: SyncChanges): Promise<Set<string>> {
  const touched = new Set<string>();
  for (const { type, content, roomId } of changes.accountData) {
    one.put('accountData', [roomId ?? '', type], content);
    if (roomId === undefined) {
      if (type !== 'm.direct' && type !== 'm.push_rules') continue;
      const named = type === 'm.direct' ? directRooms(content) : mutedRooms(content);
      for (const { value: room } of await one.list('rooms', { prefix: [] })) {
        const next = named.has(room.roomId);
        const flag = type === 'm.direct' ? 'isDirect' : 'isMuted';
        if (room[flag] === next || (type === 'm.direct' && room.membership === 'invite')) continue;
        one.put('rooms', [room.roomId], { ...room, [flag]: next });
        touched.add(room.roomId);
      }
      continue;
    }
    const room = await one.find('rooms', [roomId]);
    if (room === undefined) continue;
    touched.add(roomId);
    if (type === 'm.tag') {
      const tags = field(content, 'tags');
      const isFavourite = typeof tags === 'object' && tags !== null && Object.hasOwn(tags, 'm.favourite');
      one.put('rooms', [roomId], { ...room, isFavourite });
    } else if (type === 'm.marked_unread') {
      one.put('rooms', [roomId], { ...room, isMarkedUnread: field(content, 'unread') === true });
    }
  }
  return touched;
}

function summarise(prepared: readonly PreparedRoom[], changes: SyncChanges, touched: Iterable<string>): Applied {
  const events = prepared.flatMap(({ change }) => change.timeline.map((event) => ({ roomId: change.roomId, event })));
  const transactionIds = events.map(({ event }) => event.transactionId).filter((id) => id !== undefined);
  return {
    rooms: new Set([
      ...prepared.map(({ change }) => change.roomId),
      ...changes.receipts.map((receipt) => receipt.roomId),
      ...touched,
    ]),
    transactionIds: new Set(transactionIds),
    eventIds: new Set(events.map(({ event }) => event.eventId)),
    accountDataTypes: new Set(changes.accountData.filter((one) => one.roomId === undefined).map((one) => one.type)),
    typing: changes.typing,
    unreadable: prepared.flatMap(({ change, records }) =>
      unreadableSessions(records).map((sessionId) => ({ roomId: change.roomId, sessionId })),
    ),
    verificationEvents: events.filter(({ event }) => isVerification(event)),
    encryptedRooms: new Set(
      prepared
        .filter(({ change }) => change.state.some((e) => e.type === 'm.room.encryption' || e.type === 'm.room.member'))
        .map(({ change }) => change.roomId),
    ),
  };
}

/** Applies one answer of the server to the store, whole or not at all. */
export async function applyChanges(changes: SyncChanges, dependencies: ApplyDependencies): Promise<Applied> {
  const prepared: PreparedRoom[] = [];
  for (const change of changes.rooms) prepared.push(await prepareRoom(change, dependencies));
  const touched = await dependencies.store.write(APPLY_TABLES, async (one) => {
    for (const room of prepared) await applyRoom(one, room, dependencies.userId);
    await applyReceipts(one, changes, dependencies.userId);
    const rooms = await applyAccountData(one, changes);
    one.put('meta', ['sync'], {
      position: changes.position,
      missedDeviceLists: changes.missedDeviceLists === true,
      ...(changes.toDevicePosition === undefined ? {} : { toDevicePosition: changes.toDevicePosition }),
    });
    return rooms;
  });
  return summarise(prepared, changes, touched);
}
