import type { Counters } from '../group-commit.ts';
import { integerOf } from '../database.ts';
import { spell } from '../dialect.ts';
import { LIST_MIGRATIONS, MIGRATIONS_TABLE, planMigrations, RECORD_MIGRATION } from '../schema/migrations.ts';
import type { SqliteConnection } from './connection.ts';

/** Before the first table: page size, and pages that a purge can give back. */
const NEW_FILE = ['PRAGMA page_size = 8192', 'PRAGMA auto_vacuum = INCREMENTAL', 'PRAGMA journal_mode = WAL'];

const READ_COUNTERS = 'SELECT position, event, room, line FROM stream WHERE one = 1';

/** Brings the schema up to date; a migration is applied whole or not at all. */
export function migrate(connection: SqliteConnection): void {
  for (const pragma of NEW_FILE) connection.exec(pragma);
  connection.exec('PRAGMA synchronous = FULL');
  connection.exec(spell(MIGRATIONS_TABLE, 'sqlite'));
  const applied = connection
    .prepare(LIST_MIGRATIONS)
    .all([])
    .map((row) => integerOf(row, 'number'));
  for (const migration of planMigrations(applied)) {
    connection.exec('BEGIN IMMEDIATE');
    try {
      for (const statement of migration.statements) connection.exec(spell(statement, 'sqlite'));
      connection.prepare(RECORD_MIGRATION).run([migration.number, migration.name]);
      connection.exec('COMMIT');
    } catch (error) {
      connection.exec('ROLLBACK');
      throw error;
    }
  }
}

/** The numbers given so far. */
export function readCounters(connection: SqliteConnection): Counters {
  const [row] = connection.prepare(READ_COUNTERS).all([]);
  if (row === undefined) throw new TypeError('the table stream has its row');
  return {
    position: integerOf(row, 'position'),
    event: integerOf(row, 'event'),
    room: integerOf(row, 'room'),
    line: integerOf(row, 'line'),
  };
}
