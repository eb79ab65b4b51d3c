import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type {
  AccountDataRow,
  ReceiptRow,
  ReceiptType,
  RoomNumber,
  StreamPosition,
  SyncConnectionRow,
  SyncReads,
  SyncWrites,
  UnreadCheckpoint,
  UserDataReads,
  UserDataWrites,
} from '../../ports/store/index.ts';
import {
  bytesOf,
  type Database,
  integerOf,
  type Row,
  type StatementSink,
  textOf,
  type WritePosition,
} from '../database.ts';
import { eventIdBytes, eventIdOf } from '../event-id-code.ts';
import { deviceIn, positionIn, roomIn, userIn } from './columns.ts';

/** Global account data has no room; room numbers begin at 1. */
const NO_ROOM = 0;
/** An unthreaded receipt has no thread; a thread's name is never empty. */
const NO_THREAD = '';

const DATA = 'SELECT room, type, content, position FROM account_data WHERE user_id = ?';
const DATA_CHANGES = `${DATA} AND position > ? AND position <= ? ORDER BY position, room, type`;
const DATA_PRESENT = `${DATA} AND position <= ? AND content <> '{}' ORDER BY position, room, type`;
const ONE_DATA = `${DATA} AND room = ? AND type = ?`;
const SET_DATA = `INSERT INTO account_data (user_id, room, type, content, position) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (user_id, room, type) DO UPDATE SET content = excluded.content, position = excluded.position`;
const RECEIPT = `SELECT room, user_id, type, thread, event, event_position, sent_at, position FROM receipts
  WHERE room = ?`;
const RECEIPTS = `${RECEIPT} AND position > ? AND position <= ? AND (type = 'm.read' OR user_id = ?)
  ORDER BY position, user_id, type, thread`;
const OWN_RECEIPTS = `${RECEIPT} AND user_id = ?`;
const SET_RECEIPT = `INSERT INTO receipts (room, user_id, type, thread, event, event_position, sent_at, position)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room, user_id, type, thread) DO UPDATE SET event = excluded.event,
  event_position = excluded.event_position, sent_at = excluded.sent_at, position = excluded.position`;
const UNREAD = `SELECT user_id, room, thread, counted_to, notifications, highlights FROM unread
  WHERE user_id = ? AND room = ?`;
const CLEAR_UNREAD = 'DELETE FROM unread WHERE user_id = ? AND room = ?';
const ADD_UNREAD = `INSERT INTO unread (user_id, room, thread, counted_to, notifications, highlights)
  VALUES (?, ?, ?, ?, ?, ?)`;
const CONNECTION = `SELECT user_id, device, connection, pos, state FROM sync_connections
  WHERE user_id = ? AND device = ? AND connection = ?`;
const CLEAR_CONNECTION = `DELETE FROM sync_connections WHERE user_id = ? AND device = ? AND connection = ?
  AND pos NOT IN @texts`;
const ADD_CONNECTION = `INSERT INTO sync_connections (user_id, device, connection, pos, state) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (user_id, device, connection, pos) DO UPDATE SET state = excluded.state`;
const CLEAR_CONNECTIONS = 'DELETE FROM sync_connections WHERE user_id = ? AND device = ?';

function dataOf(row: Row): AccountDataRow {
  const room = integerOf(row, 'room');
  return {
    room: room === NO_ROOM ? undefined : (room as RoomNumber),
    type: textOf(row, 'type'),
    content: textOf(row, 'content'),
    position: positionIn(row),
  };
}

function receiptOf(row: Row): ReceiptRow {
  const thread = textOf(row, 'thread');
  return {
    room: roomIn(row),
    user: userIn(row),
    type: textOf(row, 'type') as ReceiptType,
    thread: thread === NO_THREAD ? undefined : thread,
    event: eventIdOf(bytesOf(row, 'event')),
    eventPosition: integerOf(row, 'event_position'),
    sentAt: integerOf(row, 'sent_at'),
    position: positionIn(row),
  };
}

function unreadOf(row: Row): UnreadCheckpoint {
  return {
    user: userIn(row),
    room: roomIn(row),
    thread: textOf(row, 'thread'),
    countedTo: integerOf(row, 'counted_to'),
    notifications: integerOf(row, 'notifications'),
    highlights: integerOf(row, 'highlights'),
  };
}

function connectionOf(row: Row): SyncConnectionRow {
  return {
    user: userIn(row),
    device: deviceIn(row),
    connection: textOf(row, 'connection'),
    pos: textOf(row, 'pos'),
    state: textOf(row, 'state'),
  };
}

/** Reads of account data, receipts and unread counts. */
export class UserDataQueries implements UserDataReads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listAccountData(user: UserId, from: StreamPosition | 0, to: StreamPosition): Promise<AccountDataRow[]> {
    const rows =
      from === 0
        ? await this.#database.all(DATA_PRESENT, user, to)
        : await this.#database.all(DATA_CHANGES, user, from, to);
    return rows.map(dataOf);
  }

  async findAccountData(user: UserId, room: RoomNumber | undefined, type: string): Promise<AccountDataRow | undefined> {
    const [row] = await this.#database.all(ONE_DATA, user, room ?? NO_ROOM, type);
    return row === undefined ? undefined : dataOf(row);
  }

  async listReceipts(
    room: RoomNumber,
    user: UserId,
    from: StreamPosition | 0,
    to: StreamPosition,
  ): Promise<ReceiptRow[]> {
    return (await this.#database.all(RECEIPTS, room, from, to, user)).map(receiptOf);
  }

  async getOwnReceipts(user: UserId, room: RoomNumber): Promise<ReceiptRow[]> {
    return (await this.#database.all(OWN_RECEIPTS, room, user)).map(receiptOf);
  }

  async getUnread(user: UserId, room: RoomNumber): Promise<UnreadCheckpoint[]> {
    return (await this.#database.all(UNREAD, user, room)).map(unreadOf);
  }
}

/** Writes of account data, receipts and unread counts. */
export class UserDataStatements implements UserDataWrites {
  readonly #sink: StatementSink;
  readonly #at: WritePosition;

  constructor(sink: StatementSink, at: WritePosition) {
    this.#sink = sink;
    this.#at = at;
  }

  setAccountData(user: UserId, row: Omit<AccountDataRow, 'position'>): void {
    this.#sink.run(SET_DATA, user, row.room ?? NO_ROOM, row.type, row.content, this.#at.position);
  }

  setReceipt(row: Omit<ReceiptRow, 'position'>): void {
    this.#sink.run(
      SET_RECEIPT,
      row.room,
      row.user,
      row.type,
      row.thread ?? NO_THREAD,
      eventIdBytes(row.event),
      row.eventPosition,
      row.sentAt,
      this.#at.position,
    );
  }

  setUnread(user: UserId, room: RoomNumber, rows: readonly UnreadCheckpoint[]): void {
    this.#sink.run(CLEAR_UNREAD, user, room);
    for (const row of rows) {
      this.#sink.run(ADD_UNREAD, user, room, row.thread, row.countedTo, row.notifications, row.highlights);
    }
  }
}

/** Reads of what sliding-sync connections remember. */
export class SyncQueries implements SyncReads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async findConnection(user: UserId, device: DeviceId, connection: string): Promise<SyncConnectionRow[]> {
    return (await this.#database.all(CONNECTION, user, device, connection)).map(connectionOf);
  }
}

/** Writes of what sliding-sync connections remember. */
export class SyncStatements implements SyncWrites {
  readonly #sink: StatementSink;

  constructor(sink: StatementSink) {
    this.#sink = sink;
  }

  putConnection(row: SyncConnectionRow, previousPos: string | undefined): void {
    const keep = previousPos === undefined ? [row.pos] : [row.pos, previousPos];
    this.#sink.run(CLEAR_CONNECTION, row.user, row.device, row.connection, keep);
    this.#sink.run(ADD_CONNECTION, row.user, row.device, row.connection, row.pos, row.state);
  }

  deleteConnections(user: UserId, device: DeviceId): void {
    this.#sink.run(CLEAR_CONNECTIONS, user, device);
  }
}
