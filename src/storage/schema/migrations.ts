import { OperationError } from '../../matrix/errors.ts';
import { FEDERATION_TABLES } from './federation-tables.ts';
import { FIRST_TABLES } from './tables.ts';

/** One step of the schema. Steps only go forward, and a released one never changes. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
}

const MIGRATIONS: readonly Migration[] = [
  { number: 1, name: 'first tables', statements: FIRST_TABLES },
  {
    number: 2,
    name: 'where signatures were made',
    statements: [
      'ALTER TABLE key_signatures ADD COLUMN position @int NOT NULL DEFAULT 0',
      'CREATE INDEX key_signatures_signer ON key_signatures (signer, position)',
    ],
  },
  { number: 3, name: 'other servers', statements: FEDERATION_TABLES },
  {
    number: 4,
    name: 'where the main line stood',
    statements: ['ALTER TABLE events ADD COLUMN main_head @int'],
  },
  {
    number: 5,
    name: 'rooms that are being deleted',
    statements: ['CREATE TABLE room_purges (room @int PRIMARY KEY, room_id @text NOT NULL) @plain'],
  },
  {
    number: 6,
    name: 'rooms whose state is being completed',
    statements: [
      'ALTER TABLE partial_rooms ADD COLUMN since @int NOT NULL DEFAULT 0',
      'ALTER TABLE partial_rooms ADD COLUMN interval_ms @int NOT NULL DEFAULT 0',
      'ALTER TABLE partial_rooms ADD COLUMN next_server @int NOT NULL DEFAULT 0',
      'ALTER TABLE rooms ADD COLUMN completed_position @int NOT NULL DEFAULT 0',
      'ALTER TABLE rooms ADD COLUMN completed_head @int NOT NULL DEFAULT 0',
    ],
  },
];

/** The table that tells which migrations a database has had. */
export const MIGRATIONS_TABLE =
  'CREATE TABLE IF NOT EXISTS migrations (number @int PRIMARY KEY, name @text NOT NULL) @plain';
export const LIST_MIGRATIONS = 'SELECT number FROM migrations ORDER BY number';
export const RECORD_MIGRATION = 'INSERT INTO migrations (number, name) VALUES (?, ?)';

/** The migrations that a database lacks; throws where it has one that this program does not know. */
export function planMigrations(
  applied: readonly number[],
  known: readonly Migration[] = MIGRATIONS,
): readonly Migration[] {
  const newest = known.at(-1)?.number ?? 0;
  for (const number of applied) {
    if (number > newest) {
      throw new OperationError('schema-too-new', {
        temporary: false,
        cause: new Error(`the database has migration ${number}, this program knows ${newest}: use a newer program`),
      });
    }
  }
  return known.filter((migration) => !applied.includes(migration.number));
}
