import type { EventId, UserId } from '../../matrix/ids.ts';
import type {
  EventFacts,
  EventNumber,
  EventReads,
  PageRequest,
  RelationsRequest,
  RoomNumber,
  StoredEvent,
  ThreadSummaryRow,
  TransactionKey,
} from '../../ports/store/index.ts';
import { bytesOf, type Database, integerOf, type Row, textOf } from '../database.ts';
import { eventIdBytes, eventIdOf } from '../event-id-code.ts';
import { eventIn } from './columns.ts';
import { factsOf, SELECT_STORED, storedEventOf } from './event-rows.ts';
import { pageThreadRoots, readReplacements, readThreadSummaries, relationsText } from './relations.ts';

const BY_ID = `${SELECT_STORED} WHERE e.event_id = ?`;
const BY_IDS = `${SELECT_STORED} WHERE e.event_id IN @blobs`;
const BY_NUMBERS = `${SELECT_STORED} WHERE e.number IN @numbers`;
const FACTS = `SELECT e.number, e.event_id, e.room, e.status, k.type, k.state_key
  FROM events e LEFT JOIN state_keys k ON k.key = e.state_key WHERE e.event_id IN @blobs`;
const ARRIVALS = `${SELECT_STORED} WHERE e.room = ? AND e.position > ? ORDER BY e.position LIMIT ?`;
const PAGE_BACKWARDS = `${SELECT_STORED} WHERE e.room = ? AND e.position < ? AND e.position >= ? AND e.position <> 0
  AND e.status = 0 ORDER BY e.position DESC, e.number DESC LIMIT ?`;
const PAGE_FORWARDS = `${SELECT_STORED} WHERE e.room = ? AND e.position > ? AND e.position <= ? AND e.position <> 0
  AND e.status = 0 ORDER BY e.position, e.number LIMIT ?`;
const TIME_FORWARDS = `${SELECT_STORED} WHERE e.room = ? AND e.status = 0 AND e.position <> 0
  AND e.origin_server_ts >= ? ORDER BY e.origin_server_ts, e.position LIMIT 1`;
const TIME_BACKWARDS = `${SELECT_STORED} WHERE e.room = ? AND e.status = 0 AND e.position <> 0
  AND e.origin_server_ts <= ? ORDER BY e.origin_server_ts DESC, e.position DESC LIMIT 1`;
const EXTREMITIES = `SELECT e.event_id, e.number, e.depth FROM forward_extremities f JOIN events e ON e.number = f.event
  WHERE f.room = ? ORDER BY e.number`;
const BY_TRANSACTION = `SELECT e.event_id FROM transactions t JOIN events e ON e.number = t.event
  WHERE t.user_id = ? AND t.device = ? AND t.scope = ? AND t.transaction_id = ?`;
const DEVICE_TRANSACTIONS = `SELECT scope, transaction_id FROM transactions
  WHERE user_id = ? AND device = ? LIMIT ?`;
const TRANSACTION_IDS = `SELECT e.event_id, t.transaction_id FROM events e JOIN transactions t ON t.event = e.number
  WHERE e.event_id IN @blobs AND t.user_id = ? AND t.device = ?`;
const PENDING_REDACTIONS = 'SELECT target, redaction FROM pending_redactions WHERE target IN @blobs';
const COUNT_AFTER = `SELECT count(*) AS total FROM events WHERE room = ? AND position > ? AND position <> 0
  AND status = 0`;

/** Reads of events, relations, extremities and transaction ids. */
export class EventQueries implements EventReads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async getEvents(ids: readonly EventId[]): Promise<StoredEvent[]> {
    const [first] = ids;
    if (first === undefined) return [];
    const rows =
      ids.length === 1
        ? await this.#database.all(BY_ID, eventIdBytes(first))
        : await this.#database.all(BY_IDS, ids.map(eventIdBytes));
    return rows.map(storedEventOf);
  }

  async getEventsByNumber(numbers: readonly EventNumber[]): Promise<StoredEvent[]> {
    if (numbers.length === 0) return [];
    const rows = await this.#database.all(BY_NUMBERS, numbers);
    return rows.map(storedEventOf);
  }

  async getEventFacts(ids: readonly EventId[]): Promise<EventFacts[]> {
    if (ids.length === 0) return [];
    return (await this.#database.all(FACTS, ids.map(eventIdBytes))).map(factsOf);
  }

  async listArrivals(room: RoomNumber, after: number, limit: number): Promise<StoredEvent[]> {
    return (await this.#database.all(ARRIVALS, room, Math.max(after, 0), limit)).map(storedEventOf);
  }

  async pageTimeline(request: PageRequest): Promise<StoredEvent[]> {
    const { room, from, limit } = request;
    const rows =
      request.direction === 'backwards'
        ? await this.#database.all(PAGE_BACKWARDS, room, from, request.to ?? Number.MIN_SAFE_INTEGER, limit)
        : await this.#database.all(PAGE_FORWARDS, room, from, request.to ?? Number.MAX_SAFE_INTEGER, limit);
    return rows.map(storedEventOf);
  }

  async findByTimestamp(
    room: RoomNumber,
    timestamp: number,
    direction: 'backwards' | 'forwards',
  ): Promise<StoredEvent | undefined> {
    const text = direction === 'backwards' ? TIME_BACKWARDS : TIME_FORWARDS;
    // Reads the room's rows: no index serves it, and it is asked for rarely.
    const [row] = await this.#database.slow(text, room, timestamp);
    return row === undefined ? undefined : storedEventOf(row);
  }

  async pageRelations(request: RelationsRequest): Promise<StoredEvent[]> {
    const backwards = request.direction === 'backwards';
    const from = request.from ?? (backwards ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER);
    const to = request.to ?? (backwards ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER);
    const chosen: string[] = [];
    if (request.relType !== undefined) chosen.push(request.relType);
    if (request.type !== undefined) chosen.push(request.type);
    const rows = await this.#database.all(
      relationsText(request),
      request.room,
      eventIdBytes(request.parent),
      from,
      to,
      ...chosen,
      request.limit,
    );
    return rows.map(storedEventOf);
  }

  async getReplacements(room: RoomNumber, parents: readonly EventId[]): Promise<Map<EventId, StoredEvent>> {
    const originals = await this.getEvents(parents);
    if (originals.length === 0) return new Map();
    const chosen = await readReplacements(this.#database, room, originals);
    const events = await this.#byNumber([...chosen.values()]);
    return mapPresent(chosen, (number) => events.get(number));
  }

  async getThreadSummaries(
    room: RoomNumber,
    roots: readonly EventId[],
    viewer: UserId,
  ): Promise<Map<EventId, ThreadSummaryRow>> {
    if (roots.length === 0) return new Map();
    const summaries = await readThreadSummaries(this.#database, room, { roots, viewer });
    const events = await this.#byNumber([...summaries.values()].map((summary) => summary.latest));
    return mapPresent(summaries, (summary, root) => {
      const latest = events.get(summary.latest);
      const { count, participated } = summary;
      return latest === undefined ? undefined : { root, count, latest, participated };
    });
  }

  pageThreadRoots(
    room: RoomNumber,
    options: { from?: number; limit: number; participant?: UserId },
  ): Promise<{ root: EventId; latestPosition: number }[]> {
    return pageThreadRoots(this.#database, room, options);
  }

  async getForwardExtremities(room: RoomNumber): Promise<{ eventId: EventId; number: EventNumber; depth: number }[]> {
    const rows = await this.#database.all(EXTREMITIES, room);
    return rows.map((row) => ({
      eventId: idIn(row, 'event_id'),
      number: eventIn(row, 'number'),
      depth: integerOf(row, 'depth'),
    }));
  }

  async findByTransaction(key: TransactionKey): Promise<EventId | undefined> {
    const { user, device, scope, transactionId } = key;
    const [row] = await this.#database.all(BY_TRANSACTION, user, device, scope, transactionId);
    return row === undefined ? undefined : idIn(row, 'event_id');
  }

  async listTransactions(
    user: UserId,
    device: string,
    limit: number,
  ): Promise<readonly Pick<TransactionKey, 'scope' | 'transactionId'>[]> {
    const rows = await this.#database.all(DEVICE_TRANSACTIONS, user, device, limit);
    return rows.map((row) => ({ scope: textOf(row, 'scope'), transactionId: textOf(row, 'transaction_id') }));
  }

  async getTransactionIds(user: UserId, device: string, ids: readonly EventId[]): Promise<Map<EventId, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#database.all(TRANSACTION_IDS, ids.map(eventIdBytes), user, device);
    return new Map(rows.map((row) => [idIn(row, 'event_id'), textOf(row, 'transaction_id')]));
  }

  async getPendingRedactions(ids: readonly EventId[]): Promise<Map<EventId, EventId>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#database.all(PENDING_REDACTIONS, ids.map(eventIdBytes));
    return new Map(rows.map((row) => [idIn(row, 'target'), idIn(row, 'redaction')]));
  }

  async countAfter(room: RoomNumber, position: number): Promise<number> {
    const [row] = await this.#database.all(COUNT_AFTER, room, position);
    return row === undefined ? 0 : integerOf(row, 'total');
  }

  async #byNumber(numbers: readonly EventNumber[]): Promise<Map<EventNumber, StoredEvent>> {
    const events = await this.getEventsByNumber(numbers);
    return new Map(events.map((event) => [event.number, event]));
  }
}

function idIn(row: Row, column: string): EventId {
  return eventIdOf(bytesOf(row, column));
}

function mapPresent<K, A, B>(source: ReadonlyMap<K, A>, change: (value: A, key: K) => B | undefined): Map<K, B> {
  const result = new Map<K, B>();
  for (const [key, value] of source) {
    const changed = change(value, key);
    if (changed !== undefined) result.set(key, changed);
  }
  return result;
}
