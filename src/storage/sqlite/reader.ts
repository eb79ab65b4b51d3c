import type { Database, Row, SqlParam } from '../database.ts';
import { spell } from '../dialect.ts';
import { bindable, sqliteText } from '../text-code.ts';
import type { SqliteConnection, SqliteStatement } from './connection.ts';

/** Reads on the main thread over a connection of their own: a row costs less than handing it over would. */
export class SqliteReader implements Database {
  readonly #connection: SqliteConnection;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  all(text: string, ...params: SqlParam[]): readonly Row[] {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#connection.prepare(spell(text, 'sqlite'));
      this.#statements.set(text, statement);
    }
    return statement.all(params.map((param) => bindable(param, sqliteText)));
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }
}
