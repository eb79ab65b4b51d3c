import type pg from 'pg';
import { assert, present } from '../../lib/assert.ts';
import { OperationError } from '../../matrix/errors.ts';
import { ConflictError } from '../../ports/store/index.ts';
import { type FailureKind, failureOf } from '../failures.ts';
import type { BatchOutcome, BatchWriter, Counters } from '../group-commit.ts';
import type { EventSigner } from '../signer.ts';
import { readStatement, type StatementTexts, type WriteUnit } from '../write-unit.ts';
import { serverCode } from './driver.ts';
import { NamedStatements } from './statements.ts';

const SET_COUNTERS = 'UPDATE stream SET position = ?, event = ?, room = ?, line = ? WHERE one = 1';
/** Any number that nobody else is likely to lock: "postern" in ASCII. */
const LOCK = 'SELECT pg_try_advisory_lock(31646394216083822) AS locked';
/** PostgreSQL's codes for a transaction that only repeats the failure of a statement before. */
const ABORTED = '25P02';

interface Sent {
  readonly expectsOne: boolean;
  readonly result: Promise<pg.QueryResult>;
}

/**
 * Group commit on PostgreSQL: the same batches as on SQLite, each one transaction whose statements are all sent before
 * the first answer. The connection holds the lock that keeps a second server away, so a server that has lost its
 * connection cannot write behind the back of its successor.
 */
export class PostgresWriter implements BatchWriter {
  readonly #open: () => Promise<pg.Client>;
  readonly #texts: StatementTexts;
  readonly #signer: EventSigner;
  readonly #statements = new NamedStatements();
  #client: pg.Client | undefined;

  private constructor(open: () => Promise<pg.Client>, texts: StatementTexts, signer: EventSigner) {
    this.#open = open;
    this.#texts = texts;
    this.#signer = signer;
  }

  /** Connects and takes the lock; the connection is handed to `prepare` before anything is written. */
  static async start(
    open: () => Promise<pg.Client>,
    tools: { texts: StatementTexts; signer: EventSigner },
    prepare: (client: pg.Client) => Promise<void>,
  ): Promise<PostgresWriter> {
    const writer = new PostgresWriter(open, tools.texts, tools.signer);
    const client = await writer.#connect();
    try {
      await prepare(client);
    } catch (error) {
      await client.end();
      throw error;
    }
    return writer;
  }

  async close(): Promise<void> {
    await this.#client?.end();
    this.#client = undefined;
  }

  async #connect(): Promise<pg.Client> {
    const client = await this.#open();
    const locked = await client.query<{ locked: string }>(LOCK);
    if (locked.rows[0]?.locked !== 't') {
      await client.end();
      throw new OperationError('database-in-use', { temporary: false });
    }
    // Only `on` waits for the disk: what is acknowledged survives a power loss.
    await client.query('SET synchronous_commit = on');
    for (const event of ['end', 'error'] as const) client.once(event, () => this.#drop(client));
    this.#client = client;
    return client;
  }

  /** Forgets a broken connection; its lock ended with it, and the next batch takes it anew. */
  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
  }

  async write(units: readonly WriteUnit[], counters: Counters | undefined): Promise<BatchOutcome> {
    try {
      const client = this.#client ?? (await this.#connect());
      const begun = client.query('BEGIN');
      const sent = units.flatMap((unit) => this.#send(client, unit));
      const answers: Promise<unknown>[] = [begun, ...sent.map((one) => one.result)];
      if (counters !== undefined) {
        const { position, event, room, line } = counters;
        answers.push(client.query({ ...this.#statements.of(SET_COUNTERS), values: [position, event, room, line] }));
      }
      const failure = await firstFailure(answers, sent);
      if (failure !== undefined) {
        await client.query('ROLLBACK');
        return { commitMs: 0, failure };
      }
      const start = performance.now();
      await client.query('COMMIT');
      return { commitMs: performance.now() - start, failure: undefined };
    } catch (error) {
      return { commitMs: 0, failure: writeFailure(error) };
    }
  }

  #send(client: pg.Client, unit: WriteUnit): Sent[] {
    const sent: Sent[] = [];
    for (let at = 0; at < unit.flat.length; ) {
      const statement = readStatement(unit.flat, at, (event) => this.#signer.sign(event));
      const text = present(this.#texts.all[statement.textNumber], 'a statement has its text');
      const result = client.query({ ...this.#statements.of(text), values: statement.params });
      sent.push({ expectsOne: statement.expectsOne, result });
      at = statement.next;
    }
    return sent;
  }
}

/** The failure that began it all, once every answer is in; `undefined` where all is well. */
async function firstFailure(all: readonly Promise<unknown>[], sent: readonly Sent[]): Promise<Error | undefined> {
  const settled = await Promise.allSettled(all);
  const rejected = settled.filter((one) => one.status === 'rejected');
  const cause = rejected.find((one) => serverCode(one.reason) !== ABORTED) ?? rejected[0];
  if (cause !== undefined) return writeFailure(cause.reason);
  for (const one of sent) {
    if (one.expectsOne && (await one.result).rowCount !== 1) {
      return new ConflictError('a row that had to change does not exist');
    }
  }
  return undefined;
}

/** What kind of failure a code of PostgreSQL is; an empty one means that the server was not reached. */
export function kindOfCode(code: string): FailureKind {
  if (code === '23505') return 'conflict';
  if (code === '53100') return 'disk-full';
  if (code === '58030') return 'disk-failed';
  if (code === 'XX001' || code === 'XX002') return 'database-corrupt';
  // Another transaction in the way, resources, operators: worth another try.
  if (/^(?:40|53|55|57|08)/.test(code)) return 'database-unreachable';
  return code === '' ? 'database-unreachable' : 'bug';
}

function writeFailure(error: unknown): Error {
  if (error instanceof OperationError || error instanceof ConflictError) return error;
  assert(error instanceof Error, 'a driver throws errors');
  return failureOf(kindOfCode(serverCode(error)), error.message);
}
