/** Events that could not be read when they came, read when their key arrives. */
import type { RoomEvent } from '../events.ts';
import type { EventRecord } from '../store/records.ts';
import type { Sealer } from '../store/sealer.ts';
import type { Store } from '../store/store.ts';
import { findEvent, replaceEvent } from '../timeline/fragments.ts';
import { sealEvent, withDecrypted } from '../timeline/records.ts';
import type { Decrypted } from '../crypto/face.ts';
import { lastEventOf } from '../sync/apply.ts';

export interface LateKeyDependencies {
  readonly store: Store;
  readonly sealer: Sealer;
  decrypt(event: RoomEvent, roomId: string): Promise<Decrypted>;
  /** An event that could not be read when it came is readable now, and stored so. */
  onReadable(event: RoomEvent, roomId: string): Promise<void>;
}

interface Waiting {
  readonly roomId: string;
  readonly sessionId: string;
  readonly record: EventRecord;
}

async function listWaiting(
  store: Store,
  roomId: string | undefined,
  sessionId: string | undefined,
): Promise<Waiting[]> {
  const prefix = roomId === undefined ? [] : sessionId === undefined ? [roomId] : [roomId, sessionId];
  return store.read(['undecrypted', 'eventIndex', 'events'], async (one) => {
    const waiting: Waiting[] = [];
    for (const { key } of await one.list('undecrypted', { prefix })) {
      const [room, session, eventId] = key.map(String);
      if (room === undefined || session === undefined || eventId === undefined) continue;
      const record = await findEvent(one, room, eventId);
      if (record !== undefined) waiting.push({ roomId: room, sessionId: session, record });
    }
    return waiting;
  });
}

/** Rooms in which events wait for a key. */
export async function roomsWaiting(store: Store): Promise<Set<string>> {
  return new Set((await listWaiting(store, undefined, undefined)).map((waiting) => waiting.roomId));
}

/** Tries the waiting events of a room (and session) again; the rooms in which something became readable. */
export async function readWaiting(
  dependencies: LateKeyDependencies,
  roomId?: string,
  sessionId?: string,
): Promise<Set<string>> {
  const changed = new Set<string>();
  const { store, sealer } = dependencies;
  for (const waiting of await listWaiting(store, roomId, sessionId)) {
    const decrypted = await dependencies.decrypt(waiting.record, waiting.roomId);
    if (decrypted.clear === undefined && decrypted.unreadable === waiting.record.unreadable) continue;
    const event = withDecrypted(waiting.record, decrypted);
    const record = await sealEvent(sealer, event);
    const lastEvent = await lastEventOf(event, sealer);
    await store.write(['events', 'eventIndex', 'undecrypted', 'rooms'], async (one) => {
      if (decrypted.clear !== undefined) {
        one.remove('undecrypted', [waiting.roomId, waiting.sessionId, record.eventId]);
      }
      await replaceEvent(one, waiting.roomId, record);
      const room = await one.find('rooms', [waiting.roomId]);
      if (room?.lastEvent?.eventId === record.eventId && lastEvent !== undefined) {
        one.put('rooms', [waiting.roomId], { ...room, lastEvent });
      }
    });
    changed.add(waiting.roomId);
    if (decrypted.clear !== undefined) await dependencies.onReadable(event, waiting.roomId);
  }
  return changed;
}

const SHIELDS_MAX = 100;

/** Looks again at the newest messages that carry a warning: their senders may be known better by now. */
export async function refreshShields(dependencies: LateKeyDependencies, roomId: string): Promise<boolean> {
  const { store, sealer } = dependencies;
  const warned = await store.read(['rooms', 'events'], async (one) => {
    const room = await one.find('rooms', [roomId]);
    if (room?.liveFragment === undefined) return [];
    const range = { prefix: [roomId, room.liveFragment], reverse: true, limit: SHIELDS_MAX };
    const rows = (await one.list('events', range)).map((entry) => entry.value);
    return rows.filter((record) => record.shield !== undefined && record.shield !== 'none' && record.redacted !== true);
  });
  let isChanged = false;
  for (const record of warned) {
    const decrypted = await dependencies.decrypt(record, roomId);
    if (decrypted.clear === undefined || decrypted.shield === record.shield) continue;
    const next = await sealEvent(sealer, withDecrypted(record, decrypted));
    await store.write(['events', 'eventIndex'], (one) => replaceEvent(one, roomId, next));
    isChanged = true;
  }
  return isChanged;
}
