import type pg from 'pg';
import { present } from '../../lib/assert.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Database, Row, SqlParam } from '../database.ts';
import { bindable, postgresText } from '../text-code.ts';
import { serverCode } from './driver.ts';
import { NamedStatements } from './statements.ts';

/** Reads over a few pipelined connections, each query on the next one; a broken connection is opened anew. */
export class PostgresReader implements Database {
  readonly #open: () => Promise<pg.Client>;
  readonly #clients: Promise<pg.Client>[];
  readonly #statements = new NamedStatements();
  #next = 0;
  #closed = false;

  private constructor(open: () => Promise<pg.Client>, clients: pg.Client[]) {
    this.#open = open;
    this.#clients = clients.map((client) => Promise.resolve(client));
    for (const [index, client] of clients.entries()) this.#replaceWhenBroken(index, client);
  }

  static async start(open: () => Promise<pg.Client>, connections: number): Promise<PostgresReader> {
    const clients = await Promise.all(Array.from({ length: connections }, open));
    return new PostgresReader(open, clients);
  }

  async all(text: string, ...params: SqlParam[]): Promise<readonly Row[]> {
    this.#next = (this.#next + 1) % this.#clients.length;
    const index = this.#next;
    const client = await present(this.#clients[index], 'there is a connection').catch((error: unknown) => {
      this.#reopen(index);
      throw error;
    });
    const values = params.map((param) => bindable(param, postgresText));
    try {
      const result = await client.query<Row>({ ...this.#statements.of(text), values });
      return result.rows;
    } catch (cause) {
      throw readFailure(cause);
    }
  }

  slow(text: string, ...params: SqlParam[]): Promise<readonly Row[]> {
    return this.all(text, ...params);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const ends = this.#clients.map(async (client) => (await client).end());
    await Promise.allSettled(ends);
  }

  #replaceWhenBroken(index: number, client: pg.Client): void {
    let replaced = false;
    for (const event of ['end', 'error'] as const) {
      client.once(event, () => {
        if (!this.#closed && !replaced) this.#reopen(index);
        replaced = true;
      });
    }
  }

  #reopen(index: number): void {
    const opening = this.#open();
    this.#clients[index] = opening;
    opening.then(
      (client) => {
        this.#replaceWhenBroken(index, client);
      },
      // The next read on this place tells the caller, and tries again.
      () => undefined,
    );
  }
}

function readFailure(cause: unknown): Error {
  const code = serverCode(cause);
  // A code is an answer about the statement, but for those that say the server or the connection is going.
  if (cause instanceof Error && code !== '' && !/^(?:57P|08)/.test(code)) return cause;
  return new OperationError('database-unreachable', { temporary: true, cause });
}
