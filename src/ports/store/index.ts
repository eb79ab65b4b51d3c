/**
 * The Store port: everything durable but media bytes.
 *
 * Reads see what has been committed. Writes exist only inside {@link Store.transact}, which collects them and
 * hands them to the one writer; they are durable when its promise resolves. Decisions that depend on a read are
 * serialised by their owner in the process (a room's queue, a user's queue), never by the database.
 */
import type { AccountReads, AccountWrites } from './accounts.ts';
import type { EventReads, EventWrites } from './events.ts';
import type { FederationReads, FederationWrites } from './federation.ts';
import type { KeyReads, KeyWrites } from './keys.ts';
import type { MediaReads, MediaWrites } from './media.ts';
import type { PurgeReads, PurgeWrites } from './purge.ts';
import type { RoomReads, RoomWrites } from './rooms.ts';
import type { EventNumber, LineNumber, RoomNumber, StreamPosition } from './types.ts';
import type { SyncReads, SyncWrites, UserDataReads, UserDataWrites } from './user-data.ts';

export type * from './accounts.ts';
export type * from './events.ts';
export type * from './federation.ts';
export type * from './keys.ts';
export type * from './media.ts';
export type * from './purge.ts';
export type * from './rooms.ts';
export type * from './types.ts';
export type * from './user-data.ts';

/** The write methods, handed out only inside a transaction. Each queues statements; none reads or waits. */
export interface Transaction {
  /** The stream position of what this transaction writes now. */
  readonly position: StreamPosition;
  /** Moves `position` on by one: every event of one room needs a position of its own. Returns the new position. */
  advance(): StreamPosition;
  readonly events: EventWrites;
  readonly rooms: RoomWrites;
  readonly accounts: AccountWrites;
  readonly userData: UserDataWrites;
  readonly keys: KeyWrites;
  readonly media: MediaWrites;
  readonly federation: FederationWrites;
  readonly sync: SyncWrites;
  readonly purge: PurgeWrites;
  /** Runs after the commit, in commit order over all transactions, before `transact` resolves. */
  onCommit(hook: () => void): void;
  /** Runs where the transaction fails, before anybody hears of it and before a later transaction is written. */
  onFailure(hook: (error: Error) => void): void;
  /**
   * For what builds on writes that are not durable yet: `check` is asked when the turn of this transaction has come;
   * where it tells an error, nothing is written, and the transaction fails with it.
   */
  dependOn(check: () => Error | undefined): void;
}

export interface Store {
  readonly events: EventReads;
  readonly rooms: RoomReads;
  readonly accounts: AccountReads;
  readonly userData: UserDataReads;
  readonly keys: KeyReads;
  readonly media: MediaReads;
  readonly federation: FederationReads;
  readonly sync: SyncReads;
  readonly purge: PurgeReads;

  /** The newest position that is durable: what a sync token may name. */
  readonly position: StreamPosition;

  /**
   * Runs `plan`, which queues writes and must not wait, then commits them as one unit in the next group commit.
   * Rejects, with nothing written, with {@link ConflictError} where a row that must be new exists or a row that must
   * change does not, and with an `OperationError` where the disk or the database fails. Transactions commit in
   * the order of their calls.
   */
  transact<T>(plan: (transaction: Transaction) => T): Promise<T>;

  /** New numbers, unique for ever, without waiting. */
  allocateEvent(): EventNumber;
  allocateRoom(): RoomNumber;
  allocateLine(): LineNumber;

  close(): Promise<void>;
}

/** A row that had to be new exists, or one that had to change does not. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}
