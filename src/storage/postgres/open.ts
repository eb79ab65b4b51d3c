import type pg from 'pg';
import { present } from '../../lib/assert.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Store } from '../../ports/store/index.ts';
import { DatabaseStore } from '../database-store.ts';
import { spell } from '../dialect.ts';
import type { Counters } from '../group-commit.ts';
import type { CommonOptions } from '../open.ts';
import { LIST_MIGRATIONS, MIGRATIONS_TABLE, planMigrations, RECORD_MIGRATION } from '../schema/migrations.ts';
import { loadSigner } from '../signer.ts';
import { postgresText } from '../text-code.ts';
import { StatementTexts } from '../write-unit.ts';
import { connect, loadDriver } from './driver.ts';
import { PostgresReader } from './reader.ts';
import { PostgresWriter } from './writer.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host/database`, or with `?host=/path` for a Unix socket. */
  readonly url: string;
  /** Connections for reads. */
  readonly readers?: number;
}

const READERS = 4;
const READ_COUNTERS = 'SELECT position, event, room, line FROM stream WHERE one = 1';

async function checkServer(client: pg.Client, options: CommonOptions): Promise<void> {
  const { rows } = await client.query<{ encoding: string; fsync: string }>(
    "SELECT current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync",
  );
  if (rows[0]?.encoding !== 'UTF8') throw new OperationError('database-not-utf8', { temporary: false });
  if (rows[0].fsync !== 'on') {
    options.log?.warn('The database runs with fsync off: what is acknowledged can be lost when the power fails');
  }
}

async function migrate(client: pg.Client): Promise<void> {
  await client.query(spell(MIGRATIONS_TABLE, 'postgres'));
  const applied = await client.query<{ number: number }>(LIST_MIGRATIONS);
  for (const migration of planMigrations(applied.rows.map((row) => row.number))) {
    await client.query('BEGIN');
    try {
      for (const statement of migration.statements) await client.query(spell(statement, 'postgres'));
      await client.query(spell(RECORD_MIGRATION, 'postgres'), [migration.number, migration.name]);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  }
}

/** Opens a store on a PostgreSQL server; a second server on the same database is refused. */
export async function openPostgres(options: CommonOptions & PostgresOptions): Promise<Store> {
  const driver = await loadDriver();
  const open = (): Promise<pg.Client> => connect(driver, options.url);
  const texts = new StatementTexts();
  const signer = await loadSigner(options.cryptoModule, options.signingKeys);
  let counters: Counters | undefined;
  const writer = await PostgresWriter.start(open, { texts, signer }, async (client) => {
    await checkServer(client, options);
    await migrate(client);
    counters = (await client.query<Counters & pg.QueryResultRow>(READ_COUNTERS)).rows[0];
  });
  try {
    const database = await PostgresReader.start(open, options.readers ?? READERS);
    return new DatabaseStore({
      database,
      writer,
      texts,
      textCode: postgresText,
      counters: present(counters, 'the table stream has its row'),
      release: () => database.close(),
      log: options.log,
    });
  } catch (error) {
    await writer.close();
    throw error;
  }
}
