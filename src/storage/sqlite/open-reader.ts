import { openConnection } from './connection.ts';
import { SqliteReader } from './reader.ts';

const PRAGMAS = [
  'PRAGMA query_only = ON',
  'PRAGMA cache_size = -16000',
  'PRAGMA temp_store = MEMORY',
  'PRAGMA trusted_schema = OFF',
];

/** Opens a connection that only reads. */
export async function openReader(options: { path: string; encryptionKey: string | undefined }): Promise<SqliteReader> {
  const connection = await openConnection({ ...options, readOnly: true });
  for (const pragma of PRAGMAS) connection.exec(pragma);
  return new SqliteReader(connection);
}
