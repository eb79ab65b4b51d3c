import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { openStore } from '../open.ts';
import { defineConformance } from './suite.ts';
import { TEST_KEY } from './transactions.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-conformance-'));
after(() => {
  rmSync(folder, { recursive: true });
});

defineConformance('SQLite', () =>
  openStore({
    engine: 'sqlite',
    folder,
    cryptoModule: siblingUrl(import.meta.url, '../../adapters/crypto/index').href,
    signingKeys: [TEST_KEY],
  }),
);
