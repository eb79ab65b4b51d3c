/**
 * The disk of a simulated server: SQLite in memory, with the statements and the group commit of the real store. A batch
 * takes time, and what happens at its commit (nothing, a failure, the end of the process) is decided by the world.
 */
import type { Crypto, SigningKey } from '../../../src/ports/crypto.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { Store } from '../../../src/ports/store/index.ts';
import type { Database, Row, SqlParam } from '../../../src/storage/database.ts';
import { DatabaseStore } from '../../../src/storage/database-store.ts';
import type { BatchOutcome, BatchWriter, Counters } from '../../../src/storage/group-commit.ts';
import { EventSigner } from '../../../src/storage/signer.ts';
import { openConnection, type SqliteConnection } from '../../../src/storage/sqlite/connection.ts';
import { BatchFlattener, readOutcome } from '../../../src/storage/sqlite/flat-batch.ts';
import { migrate, readCounters } from '../../../src/storage/sqlite/migrate.ts';
import { SqliteReader } from '../../../src/storage/sqlite/reader.ts';
import { SqliteWriter } from '../../../src/storage/sqlite/writer.ts';
import { sqliteText } from '../../../src/storage/text-code.ts';
import { StatementTexts, type WriteUnit } from '../../../src/storage/write-unit.ts';
import type { Power } from './power.ts';

/** What becomes of a batch. */
export type Fate =
  | 'written'
  /** The process ends before anything is on the disk. */
  | 'crash before'
  /** The process ends when it is on the disk, before anybody hears of it. */
  | 'crash after'
  /** Nothing is written, and the server hears so. */
  | 'full'
  | 'failed';

/** What the world decides about a disk. */
export interface DiskPlan {
  /** Called once for each batch, before it is written. */
  decide(units: number): { readonly fate: Fate; readonly writeMs: number; readonly answerMs: number };
  /** How long a read takes; 0 answers at once. */
  readMs(): number;
  /** The process ends now. */
  crash(): void;
  /** For a canary: batches are said to be on the disk before they are. */
  isHasty(): boolean;
}

/** Errors as the engine makes them. */
const ENGINE_ERRORS = { full: [13, 'database or disk is full'], failed: [10, 'disk I/O error'] } as const;

/** A connection whose commits can be made to fail. */
class FaultyConnection implements SqliteConnection {
  readonly #inner: SqliteConnection;
  failure: keyof typeof ENGINE_ERRORS | undefined;

  constructor(inner: SqliteConnection) {
    this.#inner = inner;
  }

  prepare(text: string): ReturnType<SqliteConnection['prepare']> {
    const inner = this.#inner.prepare(text);
    if (text !== 'COMMIT') return inner;
    return {
      all: (params) => inner.all(params),
      run: (params) => {
        if (this.failure === undefined) return inner.run(params);
        const [errcode, message] = ENGINE_ERRORS[this.failure];
        // A full disk ends the transaction by itself; after an error of reading or writing that is left to the caller.
        if (this.failure === 'full') this.#inner.exec('ROLLBACK');
        throw Object.assign(new Error(message), { errcode });
      },
    };
  }

  exec(text: string): void {
    this.#inner.exec(text);
  }

  close(): void {
    this.#inner.close();
  }
}

/** Tables whose rows belong to the schema. */
const KEPT = new Set(['migrations', 'stream']);

export class Disk {
  readonly #connection: FaultyConnection;
  readonly #writer: SqliteWriter;
  readonly #reader: SqliteReader;
  readonly #texts = new StatementTexts();
  readonly #flattener = new BatchFlattener(this.#texts);
  readonly #wipe: string;
  readonly #spoilt = new Set<string>();

  private constructor(connection: FaultyConnection, signer: EventSigner) {
    this.#connection = connection;
    this.#writer = new SqliteWriter(connection, signer, () => 0);
    this.#reader = new SqliteReader(connection);
    const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all([]);
    const wipes = tables.map((row) => String(row['name'])).filter((name) => !KEPT.has(name));
    const texts = wipes.map((name) => `DELETE FROM ${name}`);
    this.#wipe = `${texts.join(';')};UPDATE stream SET position = 0, event = 0, room = 0, line = 0`;
  }

  /** An empty disk for the server that signs with this key. */
  static async make(crypto: Crypto, key: SigningKey): Promise<Disk> {
    const connection = await openConnection({ path: ':memory:', readOnly: false, encryptionKey: undefined });
    migrate(connection);
    return new Disk(new FaultyConnection(connection), new EventSigner(crypto, [key]));
  }

  /** Makes it as it was when it was new. Statements that are prepared stay so. */
  wipe(): void {
    for (const table of this.#spoilt) this.#connection.exec(`DROP TRIGGER spoil_${table}`);
    this.#spoilt.clear();
    this.#connection.exec(`BEGIN;${this.#wipe};COMMIT`);
  }

  /** For canaries: what else happens `AFTER INSERT ON` a table, until the disk is wiped. */
  spoil(table: string, what: string): void {
    this.#connection.exec(`CREATE TRIGGER IF NOT EXISTS spoil_${table} AFTER INSERT ON ${table} ${what}`);
    this.#spoilt.add(table);
  }

  close(): void {
    this.#reader.close();
  }

  /** What is on it. */
  rows(text: string, ...params: SqlParam[]): readonly Row[] {
    return this.#reader.all(text, ...params);
  }

  /** The store of one run of the server. */
  open(power: Power, plan: DiskPlan, log: Log): Store {
    return new DatabaseStore({
      database: new SimulatedDatabase(this.#reader, power, plan),
      writer: new SimulatedWriter(power, plan, (units, counters, fate) => this.#write(units, counters, fate)),
      texts: this.#texts,
      textCode: sqliteText,
      counters: readCounters(this.#connection),
      release: () => undefined,
      log,
      afterTurn: (task) => void power.schedule(0, task),
    });
  }

  #write(units: readonly WriteUnit[], counters: Counters | undefined, fate: Fate): BatchOutcome {
    this.#connection.failure = fate === 'full' || fate === 'failed' ? fate : undefined;
    try {
      return readOutcome(this.#writer.write(this.#flattener.flatten(units, counters)));
    } finally {
      this.#connection.failure = undefined;
    }
  }
}

class SimulatedWriter implements BatchWriter {
  readonly #power: Power;
  readonly #plan: DiskPlan;
  readonly #write: WriteBatch;

  constructor(power: Power, plan: DiskPlan, write: WriteBatch) {
    this.#power = power;
    this.#plan = plan;
    this.#write = write;
  }

  write(units: readonly WriteUnit[], counters: Counters | undefined): Promise<BatchOutcome> {
    return new Promise((resolve) => {
      if (!this.#power.isOn) return;
      const { fate, writeMs, answerMs } = this.#plan.decide(units.length);
      if (this.#plan.isHasty()) resolve({ commitMs: 0, failure: undefined });
      this.#power.schedule(writeMs, () => {
        if (fate === 'crash before') {
          this.#plan.crash();
          return;
        }
        const outcome = this.#write(units, counters, fate);
        if (fate === 'crash after') this.#plan.crash();
        else this.#power.schedule(answerMs, () => resolve(outcome));
      });
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

type WriteBatch = (units: readonly WriteUnit[], counters: Counters | undefined, fate: Fate) => BatchOutcome;

class SimulatedDatabase implements Database {
  readonly #reader: SqliteReader;
  readonly #power: Power;
  readonly #plan: DiskPlan;

  constructor(reader: SqliteReader, power: Power, plan: DiskPlan) {
    this.#reader = reader;
    this.#power = power;
    this.#plan = plan;
  }

  all(text: string, ...params: SqlParam[]): readonly Row[] | Promise<readonly Row[]> {
    const readMs = this.#plan.readMs();
    return readMs === 0 ? this.#reader.all(text, ...params) : this.#later(readMs, text, params);
  }

  slow(text: string, ...params: SqlParam[]): Promise<readonly Row[]> {
    return this.#later(this.#plan.readMs(), text, params);
  }

  /** What is read is what was there when the database looked, which is not when the answer is seen. */
  #later(readMs: number, text: string, params: readonly SqlParam[]): Promise<readonly Row[]> {
    return new Promise((resolve) => {
      this.#power.schedule(readMs / 2, () => {
        const rows = this.#reader.all(text, ...params);
        this.#power.schedule(readMs / 2, () => resolve(rows));
      });
    });
  }
}
