import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { siblingUrl } from '../../lib/sibling-url.ts';
import type { Store } from '../../ports/store/index.ts';
import { openStore } from '../open.ts';
import { openConnection } from '../sqlite/connection.ts';
import { checkSecondSchema, secondSchema } from './second-schema.ts';
import { defineConformance } from './suite.ts';
import { TEST_KEY } from './transactions.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-conformance-'));
after(() => {
  rmSync(folder, { recursive: true });
});

function open(name: string): Promise<Store> {
  return openStore({
    engine: 'sqlite',
    folder: path.join(folder, name),
    cryptoModule: siblingUrl(import.meta.url, '../../adapters/crypto/index').href,
    signingKeys: [TEST_KEY],
  });
}

defineConformance('SQLite', () => open('suite'));

test('a database from before other servers were known goes on with what it has', async () => {
  mkdirSync(path.join(folder, 'old'));
  const file = path.join(folder, 'old', 'postern.db');
  const connection = await openConnection({ path: file, readOnly: false, encryptionKey: undefined });
  for (const { text, params } of secondSchema('sqlite')) connection.prepare(text).run(params);
  connection.close();
  const store = await open('old');
  await checkSecondSchema(store);
  await store.close();
});
