import type {
  EventNumber,
  LineNumber,
  PlaceRow,
  PurgeReads,
  PurgeRecord,
  PurgeWrites,
  RoomNumber,
} from '../../ports/store/index.ts';
import { type Database, flagOf, integerOf, type StatementSink } from '../database.ts';
import { eventIn, roomIdIn, roomIn, userIn } from './columns.ts';

const PURGES = 'SELECT room, room_id FROM room_purges ORDER BY room';
const FORGOTTEN = 'SELECT room FROM memberships GROUP BY room HAVING MIN(forgotten) = 1 ORDER BY room LIMIT ?';
const PLACES = 'SELECT user_id, event, forgotten FROM memberships WHERE room = ? ORDER BY user_id';
const SOME_EVENTS = 'SELECT number FROM events WHERE room = ? LIMIT ?';
const LOG_CUT = 'SELECT key FROM state_log WHERE line = ? ORDER BY key, position LIMIT 1 OFFSET ?';
const LAST_OUTBOUND = 'SELECT position FROM outbound_rooms WHERE room = ?';
const BEHIND = `SELECT d.server FROM room_servers s JOIN destinations d ON d.server = s.server
  WHERE s.room = ? AND d.retry_at IS NOT NULL AND d.acked_position < ? LIMIT 1`;

/** Reads about rooms that nobody here wants to remember. */
export class PurgeQueries implements PurgeReads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listPurges(): Promise<PurgeRecord[]> {
    const rows = await this.#database.all(PURGES);
    return rows.map((row) => ({ room: roomIn(row), roomId: roomIdIn(row) }));
  }

  async listForgottenRooms(limit: number): Promise<RoomNumber[]> {
    return (await this.#database.slow(FORGOTTEN, limit)).map((row) => roomIn(row));
  }

  async listPlaces(room: RoomNumber): Promise<PlaceRow[]> {
    const rows = await this.#database.all(PLACES, room);
    return rows.map((row) => ({ user: userIn(row), event: eventIn(row), forgotten: flagOf(row, 'forgotten') }));
  }

  async listSomeEvents(room: RoomNumber, limit: number): Promise<EventNumber[]> {
    const rows = await this.#database.all(SOME_EVENTS, room, limit);
    return rows.map((row) => eventIn(row, 'number'));
  }

  async findLogCut(line: LineNumber, limit: number): Promise<number | undefined> {
    const [row] = await this.#database.all(LOG_CUT, line, limit);
    return row === undefined ? undefined : integerOf(row, 'key');
  }

  async findLastOutbound(room: RoomNumber): Promise<number | undefined> {
    const [row] = await this.#database.all(LAST_OUTBOUND, room);
    return row === undefined ? undefined : integerOf(row, 'position');
  }

  async isSomebodyBehind(room: RoomNumber, position: number): Promise<boolean> {
    return (await this.#database.all(BEHIND, room, position)).length > 0;
  }
}

const BEGIN = 'INSERT INTO room_purges (room, room_id) VALUES (?, ?)';
const DELETE_EVENTS = [
  // What is outbound stands at the position of its event.
  'DELETE FROM outbound_events WHERE position IN (SELECT position FROM events WHERE number IN @numbers)',
  'DELETE FROM event_json WHERE number IN @numbers',
  'DELETE FROM event_relations WHERE child IN @numbers',
  'DELETE FROM transactions WHERE event IN @numbers',
  'DELETE FROM events WHERE number IN @numbers',
] as const;
const DELETE_LOG = 'DELETE FROM state_log WHERE line = ?';
const DELETE_LOG_TO = 'DELETE FROM state_log WHERE line = ? AND key <= ?';
/** Rows that name the user and the room: the key begins with the user, so that they go by the places. */
const DELETE_BY_PLACE = [
  `DELETE FROM account_data WHERE room = ? AND user_id IN (SELECT user_id FROM memberships WHERE room = ?)`,
  `DELETE FROM unread WHERE room = ? AND user_id IN (SELECT user_id FROM memberships WHERE room = ?)`,
] as const;
const DELETE_BY_ROOM = [
  'DELETE FROM receipts WHERE room = ?',
  'DELETE FROM current_state WHERE room = ?',
  'DELETE FROM state_lines WHERE room = ?',
  'DELETE FROM forward_extremities WHERE room = ?',
  'DELETE FROM backward_extremities WHERE room = ?',
  'DELETE FROM partial_rooms WHERE room = ?',
  'DELETE FROM room_servers WHERE room = ?',
  'DELETE FROM outbound_rooms WHERE room = ?',
  'DELETE FROM room_aliases WHERE room = ?',
  'DELETE FROM memberships WHERE room = ?',
  'DELETE FROM room_purges WHERE room = ?',
] as const;
const DELETE_ROOM = 'DELETE FROM rooms WHERE number = ?';
const DELETE_STRAY_REDACTIONS = `DELETE FROM pending_redactions
  WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.event_id = pending_redactions.redaction)`;

/** Deletes rooms, in pieces that the one writer has time for. */
export class PurgeStatements implements PurgeWrites {
  readonly #sink: StatementSink;

  constructor(sink: StatementSink) {
    this.#sink = sink;
  }

  beginPurge({ room, roomId }: PurgeRecord): void {
    this.#sink.run(BEGIN, room, roomId);
  }

  deleteEvents(events: readonly EventNumber[]): void {
    if (events.length === 0) return;
    for (const text of DELETE_EVENTS) this.#sink.run(text, events);
  }

  deleteLog(line: LineNumber, upToKey: number | undefined): void {
    if (upToKey === undefined) this.#sink.run(DELETE_LOG, line);
    else this.#sink.run(DELETE_LOG_TO, line, upToKey);
  }

  finishPurge(room: RoomNumber): void {
    for (const text of DELETE_BY_PLACE) this.#sink.run(text, room, room);
    for (const text of DELETE_BY_ROOM) this.#sink.run(text, room);
    this.#sink.run(DELETE_STRAY_REDACTIONS);
    this.#sink.erase(DELETE_ROOM, room);
  }
}
