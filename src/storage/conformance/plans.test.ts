import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { spell } from '../dialect.ts';
import { openStore } from '../open.ts';
import { openConnection } from '../sqlite/connection.ts';
import { migrate } from '../sqlite/migrate.ts';
import { SqliteReader } from '../sqlite/reader.ts';
import { SqliteDatabase } from '../sqlite/sqlite-database.ts';
import { StatementTexts } from '../write-unit.ts';
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
  // A partial index that holds just what is asked for.
  'remote_device_lists USING COVERING INDEX remote_device_lists_stale',
  // What is old is forgotten now and then: `transactions` in order of time up to the first that stays.
  'transactions',
  'to_device_transactions',
  // Once an hour, on the reader thread: the rooms that everybody has forgotten.
  'memberships USING INDEX memberships_room',
  'room_purges',
  // Redactions of events that have not come: a few, looked through once for each room that is deleted.
  'pending_redactions',
]);

function isReadWhole(step: string): boolean {
  const rest = step.slice('SCAN '.length);
  return READ_WHOLE.has(rest) || READ_WHOLE.has(rest.split(' ')[0] ?? '');
}

/** Calls `note` with the statement of every call of the method, wherever it is called. */
function watch<T extends object>(prototype: T, method: keyof T, note: (text: string) => void): () => void {
  const original = Object.getOwnPropertyDescriptor(prototype, method);
  assert.ok(original !== undefined);
  const inner = original.value as (...args: unknown[]) => unknown;
  Object.defineProperty(prototype, method, {
    ...original,
    value: function watched(this: T, text: string, ...rest: unknown[]): unknown {
      note(text);
      return inner.call(this, text, ...rest);
    },
  });
  return () => {
    Object.defineProperty(prototype, method, original);
  };
}

/** The statements that the cases of the suite make: reads on either thread, and writes. */
class WatchedTexts {
  readonly reads = new Set<string>();
  readonly writes = new Set<string>();

  install(): () => void {
    const read = (text: string): void => void this.reads.add(text);
    const undo = [
      watch(SqliteReader.prototype, 'all', read),
      watch(SqliteDatabase.prototype, 'slow', read),
      watch(StatementTexts.prototype, 'numberOf', (text) => void this.writes.add(text)),
    ];
    return () => {
      for (const one of undo) one();
    };
  }
}

test('every read goes by an index, and every write to many rows', async (t) => {
  const watched = new WatchedTexts();
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
  assert.ok(watched.reads.size > 60 && watched.writes.size > 60, 'the cases of the suite make many statements');
  const bad: string[] = [];
  for (const text of [...watched.reads, ...watched.writes]) {
    const plan = connection.prepare(`EXPLAIN QUERY PLAN ${spell(text, 'sqlite')}`).all([]);
    for (const step of plan.map((row) => String(row['detail']))) {
      const scans = step.startsWith('SCAN ') && !isReadWhole(step);
      // An index that is built for one query has read the whole table before.
      if (scans || step.includes('AUTOMATIC')) bad.push(`${step}: ${text}`);
    }
  }
  assert.deepEqual(bad, []);
  const core = [...watched.reads].filter((text) => text.includes('c.membership = 0'));
  assert.equal(core.length, 2);
  for (const text of core) {
    const [first] = connection.prepare(`EXPLAIN QUERY PLAN ${spell(text, 'sqlite')}`).all([]);
    assert.match(String(first?.['detail']), /current_state_core/, 'a room is read past its members');
  }
  connection.close();
});
