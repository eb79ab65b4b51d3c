import { defer } from '../lib/deferred.ts';
import { OperationError } from '../matrix/errors.ts';
import type { Log } from '../ports/log.ts';
import type { EventNumber, LineNumber, RoomNumber, Store, StreamPosition, Transaction } from '../ports/store/index.ts';
import type { Database } from './database.ts';
import { type AfterTurn, type BatchWriter, type Counters, GroupCommit } from './group-commit.ts';
import { AccountQueries } from './queries/accounts.ts';
import { EventQueries } from './queries/events.ts';
import { FederationQueries } from './queries/federation.ts';
import { KeyQueries } from './queries/keys.ts';
import { MediaQueries } from './queries/media.ts';
import { PurgeQueries } from './queries/purge.ts';
import { RoomQueries } from './queries/rooms.ts';
import { StateKeys } from './queries/state-keys.ts';
import { SyncQueries, UserDataQueries } from './queries/user-data.ts';
import type { TextCode } from './text-code.ts';
import { StoreTransaction } from './transaction.ts';
import { type StatementTexts, WriteUnit } from './write-unit.ts';

/** What differs between engines. */
export interface StoreParts {
  readonly database: Database;
  readonly writer: BatchWriter;
  readonly texts: StatementTexts;
  readonly textCode: TextCode;
  readonly counters: Counters;
  /** Releases connections and locks, after the writer has been closed. */
  readonly release: () => Promise<void> | void;
  readonly log: Log | undefined;
  /** The loop's own unless told. */
  readonly afterTurn?: AfterTurn;
}

/** The Store port over one reading database and one writer. */
export class DatabaseStore implements Store {
  readonly events: EventQueries;
  readonly rooms: RoomQueries;
  readonly accounts: AccountQueries;
  readonly userData: UserDataQueries;
  readonly keys: KeyQueries;
  readonly media: MediaQueries;
  readonly federation: FederationQueries;
  readonly sync: SyncQueries;
  readonly purge: PurgeQueries;
  readonly #parts: StoreParts;
  readonly #stateKeys: StateKeys;
  readonly #commits: GroupCommit;
  readonly #counters: Counters;
  #position: StreamPosition;
  #closing: Promise<void> | undefined;
  readonly #nextPosition = (): StreamPosition => {
    this.#counters.position += 1;
    return this.#counters.position as StreamPosition;
  };

  constructor(parts: StoreParts) {
    const { database } = parts;
    this.#parts = parts;
    this.#stateKeys = new StateKeys(database);
    this.#counters = { ...parts.counters };
    this.#position = parts.counters.position as StreamPosition;
    this.#commits = new GroupCommit(parts.writer, this.#counters, parts.afterTurn);
    this.events = new EventQueries(database);
    this.rooms = new RoomQueries(database, this.#stateKeys);
    this.accounts = new AccountQueries(database);
    this.userData = new UserDataQueries(database);
    this.keys = new KeyQueries(database);
    this.media = new MediaQueries(database);
    this.federation = new FederationQueries(database);
    this.sync = new SyncQueries(database);
    this.purge = new PurgeQueries(database);
  }

  get position(): StreamPosition {
    return this.#position;
  }

  transact<T>(plan: (transaction: Transaction) => T): Promise<T> {
    if (this.#closing !== undefined) {
      return Promise.reject(new OperationError('storage-closed', { temporary: false }));
    }
    const unit = new WriteUnit(this.#parts.texts, this.#parts.textCode);
    const transaction = new StoreTransaction(unit, this.#nextPosition, this.#stateKeys);
    let result: T;
    try {
      result = plan(transaction);
      unit.seal();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.#tellFailure(transaction, failure);
      return Promise.reject(failure);
    }
    const { promise, resolve, reject } = defer<T>();
    this.#commits.submit(unit, (failure) => {
      if (failure !== undefined) {
        this.#tellFailure(transaction, failure);
        reject(failure);
        return;
      }
      this.#publish(unit, transaction);
      resolve(result);
    });
    return promise;
  }

  allocateEvent(): EventNumber {
    this.#counters.event += 1;
    return this.#counters.event as EventNumber;
  }

  allocateRoom(): RoomNumber {
    this.#counters.room += 1;
    return this.#counters.room as RoomNumber;
  }

  allocateLine(): LineNumber {
    this.#counters.line += 1;
    return this.#counters.line as LineNumber;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#commits.close();
    } finally {
      // Also where the writer is broken: the next process must be able to take over.
      await this.#parts.release();
    }
  }

  #publish(unit: WriteUnit, transaction: StoreTransaction): void {
    unit.finish();
    this.#position = transaction.position;
    // The transaction is durable, and those behind it still have to be published.
    for (const hook of transaction.hooks) this.#runHook(hook);
  }

  #tellFailure(transaction: StoreTransaction, failure: Error): void {
    for (const hook of transaction.failureHooks) this.#runHook(() => hook(failure));
  }

  #runHook(hook: () => void): void {
    try {
      hook();
    } catch (error) {
      this.#parts.log?.error('A hook of a transaction failed', error);
    }
  }
}
