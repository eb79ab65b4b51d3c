import type { DeviceId, EventId, UserId } from '../../matrix/ids.ts';
import type { RoomNumber, StreamPosition } from './types.ts';

/** Account data of a user, global (`room` absent) or of one room. */
export interface AccountDataRow {
  readonly room: RoomNumber | undefined;
  readonly type: string;
  /** JSON text; `{}` stands for deleted. */
  readonly content: string;
  readonly position: StreamPosition;
}

export type ReceiptType = 'm.read' | 'm.read.private' | 'm.fully_read';

export interface ReceiptRow {
  readonly room: RoomNumber;
  readonly user: UserId;
  readonly type: ReceiptType;
  /** `undefined` for an unthreaded receipt, else `main` or a thread root's event id. */
  readonly thread: string | undefined;
  readonly event: EventId;
  /** Position of the event the receipt points at, 0 when it is not here. */
  readonly eventPosition: number;
  readonly sentAt: number;
  readonly position: StreamPosition;
}

/**
 * A checkpoint of unread counts: everything after the user's receipt up to `countedTo` has been judged by
 * the user's push rules. Nothing is written per member and event: the counter is advanced when somebody looks.
 */
export interface UnreadCheckpoint {
  readonly user: UserId;
  readonly room: RoomNumber;
  /** `undefined` for the unthreaded total, else `main` or a thread root. */
  readonly thread: string;
  readonly countedTo: number;
  readonly notifications: number;
  readonly highlights: number;
}

export interface UserDataReads {
  /** Rows changed after `from` up to `to`; with `from` 0 everything that is not deleted. */
  listAccountData(user: UserId, from: StreamPosition | 0, to: StreamPosition): Promise<AccountDataRow[]>;
  findAccountData(user: UserId, room: RoomNumber | undefined, type: string): Promise<AccountDataRow | undefined>;
  /** Receipts of a room changed after `from` up to `to`: the public ones and the private ones of `user`. */
  listReceipts(room: RoomNumber, user: UserId, from: StreamPosition | 0, to: StreamPosition): Promise<ReceiptRow[]>;
  /** A user's own receipts in a room, of every type and thread. */
  getOwnReceipts(user: UserId, room: RoomNumber): Promise<ReceiptRow[]>;
  getUnread(user: UserId, room: RoomNumber): Promise<UnreadCheckpoint[]>;
}

export interface UserDataWrites {
  setAccountData(user: UserId, row: Omit<AccountDataRow, 'position'>): void;
  setReceipt(row: Omit<ReceiptRow, 'position'>): void;
  /** Replaces every checkpoint of the user in the room. */
  setUnread(user: UserId, room: RoomNumber, rows: readonly UnreadCheckpoint[]): void;
}

/** A sliding-sync connection's memory of what it has sent. */
export interface SyncConnectionRow {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly connection: string;
  /** The position token this row belongs to; only the current and the previous one are kept. */
  readonly pos: string;
  /** Compact JSON, owned by `server/sync/sliding`. */
  readonly state: string;
}

export interface SyncReads {
  findConnection(user: UserId, device: DeviceId, connection: string): Promise<SyncConnectionRow[]>;
}

export interface SyncWrites {
  /** Keeps this row and the one of `previousPos`; deletes the others of the connection. */
  putConnection(row: SyncConnectionRow, previousPos: string | undefined): void;
  deleteConnections(user: UserId, device: DeviceId): void;
}
