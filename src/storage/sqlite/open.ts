import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Store } from '../../ports/store/index.ts';
import { DatabaseStore } from '../database-store.ts';
import type { CommonOptions } from '../open.ts';
import { sqliteText } from '../text-code.ts';
import { StatementTexts } from '../write-unit.ts';
import { checkEngine, openConnection } from './connection.ts';
import { lockFolder } from './lock.ts';
import { migrate, readCounters } from './migrate.ts';
import { openReader } from './open-reader.ts';
import { ReaderClient } from './reader-client.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { WriterClient } from './writer-client.ts';

export interface SqliteOptions {
  /** Where `postern.db` lives; made when it is missing. */
  readonly folder: string;
  /** Encrypts the database; needs the package better-sqlite3-multiple-ciphers. */
  readonly encryptionKey?: string;
}

/** Opens a store in a folder: one writer thread, and reads on this thread. */
export async function openSqlite(options: CommonOptions & SqliteOptions): Promise<Store> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(options.folder);
  try {
    return await openLocked(options, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openLocked(options: CommonOptions & SqliteOptions, release: () => void): Promise<Store> {
  const { encryptionKey, cryptoModule, signingKeys } = options;
  const file = path.join(options.folder, 'postern.db');
  const first = await openConnection({ path: file, encryptionKey, readOnly: false });
  let counters: ReturnType<typeof readCounters>;
  try {
    checkEngine(first);
    migrate(first);
    counters = readCounters(first);
  } finally {
    first.close();
  }
  const texts = new StatementTexts();
  const writer = await WriterClient.start({ path: file, encryptionKey, cryptoModule, signingKeys }, texts);
  const reading = { path: file, encryptionKey };
  const database = new SqliteDatabase(await openReader(reading), new ReaderClient(reading));
  return new DatabaseStore({
    database,
    writer,
    texts,
    textCode: sqliteText,
    counters,
    release: async () => {
      await database.close();
      release();
    },
    log: options.log,
  });
}
