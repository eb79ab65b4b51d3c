import { assert } from '../../lib/assert.ts';
import { ConflictError } from '../../ports/store/index.ts';
import { spell } from '../dialect.ts';
import type { FailureKind } from '../failures.ts';
import type { EventSigner } from '../signer.ts';
import { type Flat, readStatement } from '../write-unit.ts';
import type { SqliteConnection, SqliteStatement } from './connection.ts';

/** What a batch came to: `[commitMs]`, or `[commitMs, kind, message]` where nothing of it was written. */
export type FlatOutcome = (string | number)[];

/** Free pages that are kept for what comes next: 2 MiB, and a tenth of the file. */
const FREE_PAGES_KEPT = 256;
/** Pages given back at a time: 4 MiB. */
const GIVEN_BACK_PAGES = 512;

const SET_COUNTERS = 'UPDATE stream SET position = ?, event = ?, room = ?, line = ? WHERE one = 1';
const PRAGMAS = [
  'PRAGMA journal_mode = WAL',
  // Only FULL waits for the disk at each commit: what is acknowledged survives a power loss.
  'PRAGMA synchronous = FULL',
  'PRAGMA wal_autocheckpoint = 0',
  // What is deleted or redacted is overwritten on the disk.
  'PRAGMA secure_delete = ON',
  'PRAGMA cache_size = -16000',
  'PRAGMA temp_store = MEMORY',
  'PRAGMA trusted_schema = OFF',
  'PRAGMA busy_timeout = 5000',
];

/**
 * The one writing connection. A flat batch becomes one transaction:
 * `[count of new texts, texts…, position, event, room, line, count of units, (count of statements, statements…)…]`,
 * with four NULLs where the counters stay as they are. When a statement fails, the batch is rolled back.
 */
export class SqliteWriter {
  readonly #connection: SqliteConnection;
  readonly #signer: EventSigner;
  readonly #now: () => number;
  readonly #statements: SqliteStatement[] = [];
  readonly #setCounters: SqliteStatement;
  readonly #begin: SqliteStatement;
  readonly #commitStatement: SqliteStatement;
  /** Whether something was redacted since the log was last emptied. */
  erased = false;

  constructor(connection: SqliteConnection, signer: EventSigner, now: () => number) {
    this.#connection = connection;
    this.#signer = signer;
    this.#now = now;
    for (const pragma of PRAGMAS) connection.exec(pragma);
    this.#setCounters = connection.prepare(SET_COUNTERS);
    this.#begin = connection.prepare('BEGIN IMMEDIATE');
    this.#commitStatement = connection.prepare('COMMIT');
  }

  /** Makes a batch durable, all of it or nothing. */
  write(flat: readonly Flat[]): FlatOutcome {
    let at = this.#takeTexts(flat);
    const counters = flat.slice(at, at + 4);
    const count = flat[at + 4];
    at += 5;
    assert(typeof count === 'number', 'a batch has a count of units');
    const { commitMs, failure } = this.#commit(counters, () => {
      for (let unit = 0; unit < count; unit += 1) at = this.#runUnit(flat, at);
    });
    return failure === undefined ? [commitMs] : [commitMs, kindOf(failure), messageOf(failure)];
  }

  /** Settings that durability and erasure rest on, as the engine reports them. */
  settings(): { journalMode: string; synchronous: number; secureDelete: number } {
    const read = (text: string): unknown => Object.values(this.#connection.prepare(text).all([])[0] ?? {})[0];
    return {
      journalMode: String(read('PRAGMA journal_mode')),
      synchronous: Number(read('PRAGMA synchronous')),
      secureDelete: Number(read('PRAGMA secure_delete')),
    };
  }

  /** Moves the log into the database file; `truncate` also empties the log. Returns whether all of it was moved. */
  checkpoint(mode: 'passive' | 'truncate'): boolean {
    const text = mode === 'passive' ? 'PRAGMA wal_checkpoint(PASSIVE)' : 'PRAGMA wal_checkpoint(TRUNCATE)';
    const [row] = this.#connection.prepare(text).all([]);
    const done = row?.['busy'] === 0 && row['log'] === row['checkpointed'];
    if (mode === 'truncate' && done) this.erased = false;
    return done;
  }

  /**
   * Gives some of the file's free pages back to the disk where they are many. Returns whether there is more to give:
   * the caller goes on when it has time.
   */
  giveBack(): boolean {
    const read = (text: string): number => Number(Object.values(this.#connection.prepare(text).all([])[0] ?? {})[0]);
    const free = read('PRAGMA freelist_count');
    const kept = Math.max(FREE_PAGES_KEPT, Math.floor(read('PRAGMA page_count') / 10));
    if (free <= kept) return false;
    const given = Math.min(GIVEN_BACK_PAGES, free - kept);
    this.#connection.prepare(`PRAGMA incremental_vacuum(${given})`).all([]);
    return free - given > kept;
  }

  close(): void {
    this.checkpoint('truncate');
    this.#connection.close();
  }

  #takeTexts(flat: readonly Flat[]): number {
    const [count] = flat;
    assert(typeof count === 'number', 'a batch begins with its count of new texts');
    for (let at = 1; at <= count; at += 1) {
      const text = flat[at];
      assert(typeof text === 'string', 'a statement has a text');
      this.#statements.push(this.#connection.prepare(spell(text, 'sqlite')));
    }
    return count + 1;
  }

  #runUnit(flat: readonly Flat[], at: number): number {
    const count = flat[at];
    assert(typeof count === 'number', 'a unit begins with its count of statements');
    let next = at + 1;
    for (let done = 0; done < count; done += 1) {
      const read = readStatement(flat, next, (event) => this.#signer.sign(event));
      const statement = this.#statements[read.textNumber];
      assert(statement !== undefined, 'a statement was sent with its text');
      const changes = statement.run(read.params);
      if (read.expectsOne && changes !== 1) throw new ConflictError('a row that had to change does not exist');
      if (read.erases) this.erased = true;
      next = read.next;
    }
    return next;
  }

  #commit(counters: readonly Flat[], body: () => void): { commitMs: number; failure: unknown } {
    try {
      this.#begin.run([]);
    } catch (failure) {
      return { commitMs: 0, failure };
    }
    try {
      body();
      if (counters[0] !== null) this.#setCounters.run(counters);
      const start = this.#now();
      this.#commitStatement.run([]);
      return { commitMs: this.#now() - start, failure: undefined };
    } catch (failure) {
      this.#rollBack();
      return { commitMs: 0, failure };
    }
  }

  #rollBack(): void {
    try {
      this.#connection.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/** Primary result codes of SQLite. */
const BY_CODE: ReadonlyMap<number, FailureKind> = new Map([
  [8, 'disk-failed'],
  [10, 'disk-failed'],
  [11, 'database-corrupt'],
  [13, 'disk-full'],
  [14, 'disk-failed'],
  [26, 'database-corrupt'],
]);
const BY_NAME: readonly (readonly [string, FailureKind])[] = [
  ['SQLITE_CONSTRAINT_UNIQUE', 'conflict'],
  ['SQLITE_CONSTRAINT_PRIMARYKEY', 'conflict'],
  ['SQLITE_CONSTRAINT_ROWID', 'conflict'],
  ['SQLITE_FULL', 'disk-full'],
  ['SQLITE_IOERR', 'disk-failed'],
  ['SQLITE_READONLY', 'disk-failed'],
  ['SQLITE_CANTOPEN', 'disk-failed'],
  ['SQLITE_CORRUPT', 'database-corrupt'],
  ['SQLITE_NOTADB', 'database-corrupt'],
];
/** SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID. */
const CONFLICT_CODES: ReadonlySet<number> = new Set([1555, 2067, 2579]);

/** What kind of failure an engine's error is: `node:sqlite` tells a number, the encrypted engine a name. */
export function kindOf(failure: unknown): FailureKind {
  if (failure instanceof ConflictError) return 'conflict';
  if (!(failure instanceof Error)) return 'bug';
  const { errcode, code } = failure as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') {
    return CONFLICT_CODES.has(errcode) ? 'conflict' : (BY_CODE.get(errcode & 0xff) ?? 'bug');
  }
  if (typeof code !== 'string') return 'bug';
  return BY_NAME.find(([name]) => code.startsWith(name))?.[1] ?? 'bug';
}
