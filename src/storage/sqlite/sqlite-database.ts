import type { Database, Row, SqlParam } from '../database.ts';
import { bindAll, type SqliteReader } from './reader.ts';
import type { ReaderClient } from './reader-client.ts';

/** Reads on the main thread, but the slow ones. */
export class SqliteDatabase implements Database {
  readonly #reader: SqliteReader;
  readonly #thread: ReaderClient;

  constructor(reader: SqliteReader, thread: ReaderClient) {
    this.#reader = reader;
    this.#thread = thread;
  }

  all(text: string, ...params: SqlParam[]): readonly Row[] {
    return this.#reader.all(text, ...params);
  }

  slow(text: string, ...params: SqlParam[]): Promise<readonly Row[]> {
    return this.#thread.ask(text, bindAll(params));
  }

  async close(): Promise<void> {
    await this.#thread.close();
    this.#reader.close();
  }
}
