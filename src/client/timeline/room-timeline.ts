/** The open timeline of one room: a window over the store that grows backwards and follows the end. */
import { getOneRoomEvent } from '../../matrix/api/client-server/getOneRoomEvent.ts';
import { getRoomEvents } from '../../matrix/api/client-server/getRoomEvents.ts';
import type { Api } from '../api/call.ts';
import type { Decrypted } from '../crypto/face.ts';
import { parseRoomEvent, replyTargetOf, type ClearContent, type RoomEvent } from '../events.ts';
import type { EventRecord, FragmentRecord } from '../store/records.ts';
import type { Sealer } from '../store/sealer.ts';
import type { ReadTransaction, Store } from '../store/store.ts';
import { findEvent, FRAGMENT_TABLES, prependOlder, unreadableSessions } from './fragments.ts';
import { planItems, type TimelineItem } from './items.ts';
import { openEvent, sealEvent, withDecrypted } from './records.ts';

export interface TimelineDependencies {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly api: Api;
  readonly userId: string;
  decrypt(event: RoomEvent, roomId: string): Promise<Decrypted>;
  /** Events of these sessions are in the store and could not be read. */
  onUnreadable(sessions: readonly { readonly roomId: string; readonly sessionId: string }[]): Promise<void>;
}

export interface TimelineWindow {
  readonly items: readonly TimelineItem[];
  /** The room's first event is in the window. */
  readonly atStart: boolean;
  readonly isLoading: boolean;
}

const FIRST_WINDOW = 40;
const PAGE = 40;

interface Place {
  readonly fragment: number;
  readonly position: number;
}

interface Raw {
  readonly events: EventRecord[];
  readonly related: Map<string, EventRecord[]>;
  readonly targets: Map<string, EventRecord>;
  readonly receipts: Map<string, string[]>;
  readonly isEncrypted: boolean;
  readonly oldest: Place | undefined;
  readonly oldestFragment: FragmentRecord | undefined;
}

export class RoomTimeline {
  readonly roomId: string;
  readonly #dependencies: TimelineDependencies;
  readonly #opened = new Map<string, ClearContent>();
  /** Reply targets that had to be asked of the server; they lie in no fragment. */
  readonly #fetched = new Map<string, RoomEvent | undefined>();
  #size = FIRST_WINDOW;
  #isLoading = false;
  #oldest: Place | undefined;
  #oldestFragment: FragmentRecord | undefined;

  constructor(roomId: string, dependencies: TimelineDependencies) {
    this.roomId = roomId;
    this.#dependencies = dependencies;
  }

  /** Reads the window as it is now. */
  async read(): Promise<TimelineWindow> {
    const raw = await this.#dependencies.store.read(
      ['rooms', 'events', 'eventIndex', 'fragments', 'relations', 'receipts'],
      (one) => this.#readRaw(one),
    );
    this.#oldest = raw.oldest;
    this.#oldestFragment = raw.oldestFragment;
    const open = (records: Iterable<EventRecord>) => Promise.all([...records].map((record) => this.#open(record)));
    const related = new Map<string, RoomEvent[]>();
    for (const [target, records] of raw.related) related.set(target, await open(records));
    const targets = new Map<string, RoomEvent>();
    for (const event of await open(raw.targets.values())) targets.set(event.eventId, event);
    for (const [eventId, event] of this.#fetched) if (event !== undefined) targets.set(eventId, event);
    const items = planItems({
      events: await open(raw.events),
      related,
      targets,
      receipts: raw.receipts,
      userId: this.#dependencies.userId,
      isEncrypted: raw.isEncrypted,
    });
    const first = raw.oldestFragment;
    const atStart =
      raw.oldest === undefined ||
      (first !== undefined &&
        raw.oldest.position <= first.first &&
        first.backToken === undefined &&
        first.previous === undefined);
    return { items, atStart, isLoading: this.#isLoading };
  }

  async #readRaw(one: ReadTransaction): Promise<Raw> {
    const { roomId } = this;
    const room = await one.find('rooms', [roomId]);
    const events: EventRecord[] = [];
    let fragment = room?.liveFragment;
    let oldest: Place | undefined;
    let oldestFragment: FragmentRecord | undefined;
    while (fragment !== undefined && events.length < this.#size) {
      oldestFragment = await one.find('fragments', [roomId, fragment]);
      const limit = this.#size - events.length;
      const rows = await one.list('events', { prefix: [roomId, fragment], reverse: true, limit });
      for (const row of rows) events.push(row.value);
      const last = rows.at(-1)?.key[2];
      oldest = { fragment, position: typeof last === 'number' ? last : (oldestFragment?.first ?? 0) };
      fragment = oldestFragment?.previous;
    }
    events.reverse();
    const related = new Map<string, EventRecord[]>();
    await Promise.all(events.map((event) => this.#readRelated(one, event.eventId, related)));
    const targets = new Map<string, EventRecord>();
    for (const event of events) {
      const targetId = replyTargetOf(event);
      const target = targetId === undefined ? undefined : await findEvent(one, roomId, targetId);
      if (target !== undefined) targets.set(target.eventId, target);
    }
    const receipts = new Map<string, string[]>();
    for (const { key, value } of await one.list('receipts', { prefix: [roomId] })) {
      const userId = String(key[1]);
      if (userId !== this.#dependencies.userId)
        receipts.set(value.eventId, [...(receipts.get(value.eventId) ?? []), userId]);
    }
    return { events, related, targets, receipts, isEncrypted: room?.isEncrypted ?? false, oldest, oldestFragment };
  }

  async #readRelated(one: ReadTransaction, targetId: string, into: Map<string, EventRecord[]>): Promise<void> {
    const rows = await one.list('relations', { prefix: [this.roomId, targetId] });
    if (rows.length === 0) return;
    const records = await Promise.all(rows.map((row) => findEvent(one, this.roomId, String(row.key[3]))));
    const found = records.filter((record) => record !== undefined);
    into.set(
      targetId,
      found.toSorted((a, b) => a.timestampMs - b.timestampMs),
    );
  }

  async #open(record: EventRecord): Promise<RoomEvent> {
    if (record.sealed === undefined || record.redacted === true) return record;
    const clear = this.#opened.get(record.eventId);
    if (clear !== undefined) {
      const { sealed: _sealed, ...rest } = record;
      return { ...rest, clear };
    }
    const event = await openEvent(this.#dependencies.sealer, record);
    if (event.clear !== undefined) this.#opened.set(record.eventId, event.clear);
    return event;
  }

  /** Grows the window backwards, from the store where it can and from the server where it must. */
  async loadOlder(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      const before = this.#oldest;
      const fragment = this.#oldestFragment;
      this.#size += PAGE;
      if (before === undefined || fragment?.backToken === undefined) return;
      if (before.position - fragment.first >= PAGE) return;
      await this.#fetchPage(before.fragment, fragment.backToken);
    } finally {
      this.#isLoading = false;
    }
  }

  async #fetchPage(fragment: number, from: string): Promise<void> {
    const { api, store, sealer, decrypt } = this.#dependencies;
    const answer = await api.call(getRoomEvents, {
      path: { roomId: this.roomId },
      query: { dir: 'b', from, limit: PAGE, filter: JSON.stringify({ lazy_load_members: true }) },
    });
    const records: EventRecord[] = [];
    for (const raw of answer.chunk) {
      const event = parseRoomEvent(raw);
      if (event === undefined) continue;
      const encrypted = event.type === 'm.room.encrypted' && event.redacted !== true;
      const read = encrypted ? withDecrypted(event, await decrypt(event, this.roomId)) : event;
      records.push(await sealEvent(sealer, read));
    }
    const chunk = {
      roomId: this.roomId,
      fragment,
      events: records,
      end: answer.chunk.length === 0 ? undefined : answer.end,
    };
    await store.write(FRAGMENT_TABLES, (one) => prependOlder(one, chunk));
    const sessions = unreadableSessions(records);
    await this.#dependencies.onUnreadable(sessions.map((sessionId) => ({ roomId: this.roomId, sessionId })));
  }

  /** Asks the server for an event that a reply points to and that is not in the store. */
  async fetchTarget(eventId: string): Promise<boolean> {
    if (this.#fetched.has(eventId)) return false;
    this.#fetched.set(eventId, undefined);
    const raw = await this.#dependencies.api
      .call(getOneRoomEvent, { path: { roomId: this.roomId, eventId } })
      .catch(() => undefined);
    const event = parseRoomEvent(raw);
    if (event === undefined) return false;
    const encrypted = event.type === 'm.room.encrypted' && event.redacted !== true;
    const read = encrypted ? withDecrypted(event, await this.#dependencies.decrypt(event, this.roomId)) : event;
    this.#fetched.set(eventId, read);
    return true;
  }
}
