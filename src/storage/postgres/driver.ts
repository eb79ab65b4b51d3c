import { Buffer } from 'node:buffer';
import type pg from 'pg';
import { OperationError } from '../../matrix/errors.ts';
import { unescapeNul } from '../text-code.ts';

/** Type numbers of PostgreSQL whose values need more than the driver's own reading. */
const INT8 = 20;
const BYTEA = 17;
const TEXT = 25;

function parse(oid: number): (value: string) => unknown {
  switch (oid) {
    // Every integer that is stored stays within 2^53.
    case INT8:
      return Number;
    case BYTEA:
      return (value) => Buffer.from(value.slice(2), 'hex');
    case TEXT:
      return unescapeNul;
    default:
      return oid === 23 || oid === 21 ? Number : (value) => value;
  }
}

/** The server's own code of five characters; empty for what went wrong on the way to it (EPIPE has five as well). */
export function serverCode(error: unknown): string {
  return error instanceof Error && 'severity' in error && 'code' in error ? String(error.code) : '';
}

/** Loads the driver, which is installed only where PostgreSQL is used. */
export async function loadDriver(): Promise<typeof pg> {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new OperationError('storage.engine postgres needs a package: npm install pg', { temporary: false, cause });
  }
}

/** Opens a connection on which queries are sent without waiting for the answers of those before. */
export async function connect(driver: typeof pg, url: string): Promise<pg.Client> {
  const client = new driver.Client({
    connectionString: url,
    pipeline: true,
    keepAlive: true,
    application_name: 'postern',
    types: { getTypeParser: parse as pg.CustomTypesConfig['getTypeParser'] },
  });
  // A connection that breaks fails its queries; without a listener it would end the process too.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw new OperationError('database-unreachable', { temporary: true, cause });
  }
  return client;
}
