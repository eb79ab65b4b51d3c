import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { OperationError } from '../../matrix/errors.ts';
import { ConflictError } from '../../ports/store/index.ts';
import { openStore } from '../open.ts';
import { planMigrations } from '../schema/migrations.ts';
import { type ConnectionOptions, isVersionSafe, openConnection } from './connection.ts';
import { migrate } from './migrate.ts';
import { kindOf } from './writer.ts';

async function memory(): Promise<ReturnType<typeof openConnection>> {
  const options: ConnectionOptions = { path: ':memory:', readOnly: false, encryptionKey: undefined };
  return openConnection(options);
}

test('SQLite versions with the WAL-reset bug are refused', () => {
  for (const safe of ['3.51.3', '3.51.4', '3.52.0', '3.53.4', '3.50.7', '3.44.6', '4.0.0']) {
    assert.equal(isVersionSafe(safe), true, safe);
  }
  for (const unsafe of ['3.51.2', '3.50.6', '3.49.1', '3.44.5', '3.46.0', '3.7.0']) {
    assert.equal(isVersionSafe(unsafe), false, unsafe);
  }
});

test('events have three B-trees and no more', async () => {
  const connection = await memory();
  migrate(connection);
  const rows = connection
    .prepare("SELECT name FROM sqlite_schema WHERE tbl_name = 'events' AND type = 'index' ORDER BY name")
    .all([]);
  assert.deepEqual(
    rows.map((row) => row['name']),
    ['events_id', 'events_room', 'events_state'],
  );
});

test('a migration that is done is not done again', async () => {
  const connection = await memory();
  migrate(connection);
  migrate(connection);
  const done = connection
    .prepare('SELECT number FROM migrations ORDER BY number')
    .all([])
    .map((row) => row['number']);
  assert.deepEqual(
    done,
    planMigrations([]).map((migration) => migration.number),
  );
  assert.deepEqual(planMigrations(done.map(Number)), []);
  const known = [1, 2, 3].map((number) => ({ number, name: String(number), statements: [] }));
  assert.deepEqual(
    planMigrations([1], known).map((migration) => migration.number),
    [2, 3],
  );
});

test('failures are told apart by their kind', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE NOT NULL) STRICT');
  const failure = (text: string): unknown => {
    try {
      database.exec(text);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  database.exec("INSERT INTO t VALUES (1, 'x')");
  assert.equal(kindOf(failure("INSERT INTO t VALUES (1, 'y')")), 'conflict');
  assert.equal(kindOf(failure("INSERT INTO t VALUES (2, 'x')")), 'conflict');
  assert.equal(kindOf(failure('INSERT INTO t VALUES (3, NULL)')), 'bug');
  assert.equal(kindOf(failure('SELECT nothing FROM nowhere')), 'bug');
  assert.equal(kindOf(new ConflictError('x')), 'conflict');
  assert.equal(kindOf(Object.assign(new Error('full'), { errcode: 13 })), 'disk-full');
  assert.equal(kindOf(Object.assign(new Error('ioerr'), { errcode: 10 | (3 << 8) })), 'disk-failed');
  assert.equal(kindOf(Object.assign(new Error('full'), { code: 'SQLITE_FULL' })), 'disk-full');
  assert.equal(kindOf(Object.assign(new Error('unique'), { code: 'SQLITE_CONSTRAINT_UNIQUE' })), 'conflict');
});

test('encryption without its package says what to install', async (t) => {
  try {
    await import('better-sqlite3-multiple-ciphers' as string);
    t.skip('the package is installed');
    return;
  } catch {
    // As this test wants it.
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-key-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const cryptoModule = siblingUrl(import.meta.url, '../../adapters/crypto/index').href;
  const opening = openStore({ engine: 'sqlite', folder, encryptionKey: 'key', cryptoModule, signingKeys: [] });
  await assert.rejects(opening, (error) => error instanceof OperationError && /npm install/.test(error.kind));
});
