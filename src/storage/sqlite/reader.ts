import type { Row, SqlParam, SqlValue } from '../database.ts';
import { spell } from '../dialect.ts';
import { bindable, sqliteText } from '../text-code.ts';
import type { SqliteConnection, SqliteStatement } from './connection.ts';

/** Reads over a connection of their own, on the thread that asks: a row costs less than handing it over would. */
export class SqliteReader {
  readonly #connection: SqliteConnection;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  all(text: string, ...params: SqlParam[]): readonly Row[] {
    return this.allBound(text, bindAll(params));
  }

  /** As `all`, with parameters that are ready to be bound. */
  allBound(text: string, params: readonly SqlValue[]): readonly Row[] {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#connection.prepare(spell(text, 'sqlite'));
      this.#statements.set(text, statement);
    }
    return statement.all(params);
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }
}

/** Parameters as SQLite binds them. */
export function bindAll(params: readonly SqlParam[]): SqlValue[] {
  return params.map((param) => bindable(param, sqliteText));
}
