import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { siblingUrl } from '../../lib/sibling-url.ts';
import type { Row, SqlParam } from '../database.ts';
import { spell } from '../dialect.ts';
import { openStore } from '../open.ts';
import { openConnection } from '../sqlite/connection.ts';
import { migrate } from '../sqlite/migrate.ts';
import { SqliteReader } from '../sqlite/reader.ts';
import { SqliteDatabase } from '../sqlite/sqlite-database.ts';
import { CASES } from './suite.ts';
import { Kit } from './kit.ts';
import { TEST_KEY } from './transactions.ts';

/** Tables that may be read whole: they are small, or somebody asked for all of it. */
const READ_WHOLE = new Set([
  'CONSTANT',
  'json_each',
  'g',
  'accounts',
  'a USING INDEX sqlite_autoindex_accounts_1',
  'profiles',
  'registration_tokens',
  'r USING INDEX rooms_published',
  'destinations',
  'partial_rooms',
  'undeliverable',
]);

function isReadWhole(step: string): boolean {
  const rest = step.slice('SCAN '.length);
  return READ_WHOLE.has(rest) || READ_WHOLE.has(rest.split(' ')[0] ?? '');
}

/** Reads, on either thread, that record their texts. */
class WatchedReader {
  readonly texts = new Set<string>();

  install(): () => void {
    const original = Object.getOwnPropertyDescriptor(SqliteReader.prototype, 'all');
    assert.ok(original !== undefined);
    const { texts } = this;
    const inner = original.value as (this: SqliteReader, text: string, ...params: SqlParam[]) => readonly Row[];
    SqliteReader.prototype.all = function all(text, ...params) {
      texts.add(text);
      return inner.call(this, text, ...params);
    };
    const slow = Object.getOwnPropertyDescriptor(SqliteDatabase.prototype, 'slow');
    assert.ok(slow !== undefined);
    const innerSlow = slow.value as (
      this: SqliteDatabase,
      text: string,
      ...params: SqlParam[]
    ) => Promise<readonly Row[]>;
    SqliteDatabase.prototype.slow = function ask(text, ...params) {
      texts.add(text);
      return innerSlow.call(this, text, ...params);
    };
    return () => {
      Object.defineProperty(SqliteReader.prototype, 'all', original);
      Object.defineProperty(SqliteDatabase.prototype, 'slow', slow);
    };
  }
}

test('every read goes by an index', async (t) => {
  const watched = new WatchedReader();
  const restore = watched.install();
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-plans-'));
  const cryptoModule = siblingUrl(import.meta.url, '../../adapters/crypto/index').href;
  const store = await openStore({ engine: 'sqlite', folder, cryptoModule, signingKeys: [TEST_KEY] });
  t.after(async () => {
    restore();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const kit = new Kit(store);
  for (const one of CASES) await one.run(kit);

  const connection = await openConnection({ path: ':memory:', readOnly: false, encryptionKey: undefined });
  migrate(connection);
  assert.ok(watched.texts.size > 60, 'the cases of the suite read by many statements');
  const bad: string[] = [];
  for (const text of watched.texts) {
    const plan = connection.prepare(`EXPLAIN QUERY PLAN ${spell(text, 'sqlite')}`).all([]);
    for (const step of plan.map((row) => String(row['detail']))) {
      const scans = step.startsWith('SCAN ') && !isReadWhole(step);
      // An index that is built for one query has read the whole table before.
      if (scans || step.includes('AUTOMATIC')) bad.push(`${step}: ${text}`);
    }
  }
  assert.deepEqual(bad, []);
  const core = [...watched.texts].filter((text) => text.includes('c.membership = 0'));
  assert.equal(core.length, 2);
  for (const text of core) {
    const [first] = connection.prepare(`EXPLAIN QUERY PLAN ${spell(text, 'sqlite')}`).all([]);
    assert.match(String(first?.['detail']), /current_state_core/, 'a room is read past its members');
  }
  connection.close();
});
