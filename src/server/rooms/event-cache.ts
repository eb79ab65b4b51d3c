/** Parsed events by number, bounded in bytes, over the store. */
import { LRUCache } from 'lru-cache';
import { boundedMap } from '../bounded-map.ts';
import { present } from '../../lib/assert.ts';
import type { EventId, RoomId } from '../../matrix/ids.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import type { EventNumber, RoomNumber, Store, StoredEvent } from '../../ports/store/index.ts';
import { loadRoomEvent, type RoomEvent } from './room-event.ts';

const CACHE_BYTES_MAX = 64 * 1024 * 1024;

/** What parsing an event needs to know of its room. */
export interface RoomFormat {
  readonly roomId: RoomId;
  readonly rules: RoomVersionRules;
}

export type FindFormat = (room: RoomNumber) => Promise<RoomFormat>;

export class EventCache {
  readonly #store: Store;
  readonly #findFormat: FindFormat;
  readonly #byNumber = new LRUCache<EventNumber, RoomEvent>({
    maxSize: CACHE_BYTES_MAX,
    sizeCalculation: (event) => event.sizeBytes,
  });
  readonly #numbers = boundedMap<EventId, EventNumber>(200_000);

  constructor(store: Store, findFormat: FindFormat) {
    this.#store = store;
    this.#findFormat = findFormat;
  }

  /** Remembers an event that was just built or changed. */
  put(event: RoomEvent): void {
    this.#byNumber.set(event.number, event);
    this.#numbers.set(event.eventId, event.number);
  }

  /** Forgets an event: its stored form has changed. */
  forget(number: EventNumber): void {
    this.#byNumber.delete(number);
  }

  /** The events of these numbers, in the order asked; those that are not stored are left out. */
  async getByNumber(numbers: readonly EventNumber[]): Promise<RoomEvent[]> {
    const found = new Map<EventNumber, RoomEvent>();
    const missing: EventNumber[] = [];
    for (const number of numbers) {
      const event = this.#byNumber.get(number);
      if (event === undefined) missing.push(number);
      else found.set(number, event);
    }
    if (missing.length > 0) {
      for (const event of await this.load(await this.#store.events.getEventsByNumber(missing))) {
        found.set(event.number, event);
      }
    }
    return numbers.flatMap((number) => found.get(number) ?? []);
  }

  /** Like {@link getByNumber}, by event id. */
  async get(ids: readonly EventId[]): Promise<RoomEvent[]> {
    const found = new Map<EventId, RoomEvent>();
    const missing: EventId[] = [];
    for (const id of ids) {
      const number = this.#numbers.get(id);
      const event = number === undefined ? undefined : this.#byNumber.get(number);
      if (event === undefined) missing.push(id);
      else found.set(id, event);
    }
    if (missing.length > 0) {
      for (const event of await this.load(await this.#store.events.getEvents(missing))) found.set(event.eventId, event);
    }
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  /** Forgets all events of a room: some of them may never have been stored. */
  forgetRoom(room: RoomNumber): void {
    const gone = [...this.#byNumber.values()].filter((event) => event.room === room);
    for (const { number } of gone) this.#byNumber.delete(number);
  }

  /** The events of these numbers, without remembering them: for reading thousands once. */
  async glance(numbers: readonly EventNumber[]): Promise<RoomEvent[]> {
    const rows = await this.#store.events.getEventsByNumber(numbers);
    const formats = await this.#formats(rows);
    return rows.map((row) => this.#byNumber.peek(row.number) ?? loadRoomEvent(row, formatOf(formats, row.room)));
  }

  /** Like {@link glance}, by event id. */
  async glanceById(ids: readonly EventId[]): Promise<RoomEvent[]> {
    const found = ids.flatMap((id) => {
      const number = this.#numbers.get(id);
      return number === undefined ? [] : (this.#byNumber.peek(number) ?? []);
    });
    const known = new Set(found.map(({ eventId }) => eventId));
    const rows = await this.#store.events.getEvents(ids.filter((id) => !known.has(id)));
    const formats = await this.#formats(rows);
    return [...found, ...rows.map((row) => loadRoomEvent(row, formatOf(formats, row.room)))];
  }

  async find(id: EventId): Promise<RoomEvent | undefined> {
    return (await this.get([id]))[0];
  }

  /** Parses one stored event of a room and remembers it. */
  parse(stored: StoredEvent, format: RoomFormat): RoomEvent {
    const event = loadRoomEvent(stored, format);
    this.put(event);
    return event;
  }

  /** Parses rows that a query brought, or takes the parsed ones that are at hand. */
  async load(rows: readonly StoredEvent[]): Promise<RoomEvent[]> {
    const formats = await this.#formats(rows);
    return rows.map((row) => {
      const cached = this.#byNumber.get(row.number);
      if (cached !== undefined) return cached;
      const event = loadRoomEvent(row, formatOf(formats, row.room));
      this.put(event);
      return event;
    });
  }

  async #formats(rows: readonly StoredEvent[]): Promise<ReadonlyMap<RoomNumber, RoomFormat>> {
    const formats = new Map<RoomNumber, RoomFormat>();
    for (const { room } of rows) {
      if (!formats.has(room)) formats.set(room, await this.#findFormat(room));
    }
    return formats;
  }
}

function formatOf(formats: ReadonlyMap<RoomNumber, RoomFormat>, room: RoomNumber): RoomFormat {
  return present(formats.get(room), 'the format of the room was looked up');
}
