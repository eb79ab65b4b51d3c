import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Store } from '../../ports/store/index.ts';
import { openStore } from '../open.ts';
import { Kit } from './kit.ts';
import { defineConformance } from './suite.ts';
import { TEST_KEY } from './transactions.ts';

const PACKAGE = 'better-sqlite3-multiple-ciphers';
const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-encrypted-'));
  folders.push(folder);
  return folder;
}

function open(folder: string, encryptionKey: string): Promise<Store> {
  const cryptoModule = siblingUrl(import.meta.url, '../../adapters/crypto/index').href;
  return openStore({ engine: 'sqlite', folder, encryptionKey, cryptoModule, signingKeys: [TEST_KEY] });
}

const missing = await import(PACKAGE).then(
  () => undefined,
  (error: unknown) => String(error),
);

after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

if (missing === undefined) {
  defineConformance('SQLite with AEGIS', () => open(newFolder(), 'a \'key\' with "quotes"'));

  test('the file shows neither text nor that it is SQLite, and a wrong key opens nothing', async () => {
    const folder = newFolder();
    const store = await open(folder, 'right');
    const kit = new Kit(store);
    const room = await kit.room();
    await kit.append(room, { content: '{"body":"marker in the clear"}' });
    await store.close();
    const bytes = readFileSync(path.join(folder, 'postern.db'));
    assert.ok(!bytes.includes('marker in the clear'));
    assert.ok(!bytes.includes('SQLite format'));
    await assert.rejects(
      open(folder, 'wrong'),
      (error) => error instanceof OperationError && error.kind === 'storage-key-wrong',
    );
    await (await open(folder, 'right')).close();
  });
} else {
  test('SQLite with AEGIS', (t) => {
    t.skip(`NOT TESTED: ${PACKAGE} does not load: ${missing}`);
  });
}
