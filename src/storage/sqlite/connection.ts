/**
 * One thin adapter over the intersection of `node:sqlite` and better-sqlite3-multiple-ciphers. Neither is handed
 * `undefined`, a boolean or an integer beyond 2^53, where the two differ.
 */
import { Buffer } from 'node:buffer';
import { DatabaseSync } from 'node:sqlite';
import { OperationError } from '../../matrix/errors.ts';
import type { Row, SqlValue } from '../database.ts';

export interface SqliteStatement {
  all(params: readonly SqlValue[]): Row[];
  /** Returns how many rows were changed. */
  run(params: readonly SqlValue[]): number;
}

export interface SqliteConnection {
  prepare(text: string): SqliteStatement;
  exec(text: string): void;
  close(): void;
}

export interface ConnectionOptions {
  readonly path: string;
  readonly readOnly: boolean;
  /** Encrypts the file; needs the optional engine. */
  readonly encryptionKey: string | undefined;
}

/** The part of a statement that both engines have. */
interface EngineStatement {
  all(...params: SqlValue[]): unknown[];
  run(...params: SqlValue[]): { changes: number | bigint };
}

interface Engine {
  prepare(text: string): EngineStatement;
  exec(text: string): unknown;
  close(): unknown;
}

/** The encrypted engine's module, as far as it is used. */
interface CipherModule {
  readonly default: new (path: string, options: { readonly: boolean }) => Engine;
}

const CIPHER_PACKAGE = 'better-sqlite3-multiple-ciphers';
const VERSION_MIN = [3, 51, 3] as const;

function wrap(engine: Engine): SqliteConnection {
  return {
    prepare(text) {
      const statement = engine.prepare(text);
      return {
        all: (params) => statement.all(...params) as Row[],
        run: (params) => Number(statement.run(...params).changes),
      };
    },
    exec: (text) => {
      engine.exec(text);
    },
    close: () => {
      engine.close();
    },
  };
}

async function openCipher(options: ConnectionOptions, key: string): Promise<Engine> {
  let module: CipherModule;
  try {
    module = (await import(CIPHER_PACKAGE)) as CipherModule;
  } catch (cause) {
    throw new OperationError(`storage.encryption needs a package: npm install ${CIPHER_PACKAGE}`, {
      temporary: false,
      cause,
    });
  }
  const engine = new module.default(options.path, { readonly: options.readOnly });
  // The pragmas `cipher` and `hexkey` come before any other statement. Hexadecimal cannot leave the quotes.
  engine.exec("PRAGMA cipher = 'aegis'");
  engine.exec(`PRAGMA hexkey = '${Buffer.from(key, 'utf8').toString('hex')}'`);
  try {
    engine.prepare('SELECT count(*) AS total FROM sqlite_schema').all();
  } catch (cause) {
    engine.close();
    throw new OperationError('storage-key-wrong', { temporary: false, cause });
  }
  return engine;
}

/** Opens a database file with the engine that its encryption asks for. */
export async function openConnection(options: ConnectionOptions): Promise<SqliteConnection> {
  if (options.encryptionKey !== undefined) return wrap(await openCipher(options, options.encryptionKey));
  return wrap(new DatabaseSync(options.path, { readOnly: options.readOnly }));
}

/**
 * Refuses an SQLite that can corrupt a database that is written and checkpointed at the same moment (the WAL-reset
 * bug, fixed in 3.51.3) and one without full-text search: a distribution may link Node to its own.
 */
export function checkEngine(connection: SqliteConnection): void {
  const [row] = readEngine(connection);
  const version = String(row?.['version']);
  if (!isVersionSafe(version)) {
    throw new OperationError(`sqlite-too-old: ${version} is older than ${VERSION_MIN.join('.')}`, { temporary: false });
  }
  if (row?.['search'] !== 1) throw new OperationError('sqlite-without-fts5', { temporary: false });
}

function readEngine(connection: SqliteConnection): ReturnType<ReturnType<SqliteConnection['prepare']>['all']> {
  try {
    return connection
      .prepare("SELECT sqlite_version() AS version, sqlite_compileoption_used('ENABLE_FTS5') AS search")
      .all([]);
  } catch (cause) {
    // The first look into a file that is encrypted, or that is no database at all.
    if ((cause as { errcode?: number }).errcode !== 26) throw cause;
    throw new OperationError('storage-not-readable', { temporary: false, cause });
  }
}

/** Whether an SQLite version has the fix: 3.51.3 and later, or 3.50.7 and 3.44.6 in their lines. */
export function isVersionSafe(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== VERSION_MIN[0]) return major > VERSION_MIN[0];
  if (minor === 50) return patch >= 7;
  if (minor === 44) return patch >= 6;
  return minor > VERSION_MIN[1] || (minor === VERSION_MIN[1] && patch >= VERSION_MIN[2]);
}
