import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findSpec } from '../spec/operations.ts';
import { isTest, parseSource, readSources } from '../tidy/source.ts';
import { conformancePage, coverageOf } from './conformance.ts';
import { unusedCodes } from './errors.ts';
import { planDocs } from './plan.ts';

const NO_SPEC = 'SKIPPED: the specification is not beside the project; set POSTERN_SPEC to its folder';
const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

describe('generated pages', () => {
  const pages = planDocs(root);
  for (const [file, text] of pages) {
    it(`${file} says what the code says`, () => {
      const target = path.join(root, file);
      const current = existsSync(target) ? readFileSync(target, 'utf8') : '';
      assert.equal(current, text, `${file} is stale: run "npm run docs" and commit it`);
    });
  }

  it('docs/conformance.md is compared', { skip: findSpec() === undefined && NO_SPEC }, () => {
    assert.ok(pages.has('docs/conformance.md'));
  });
});

describe('the registry of errors', () => {
  it('has no code that nothing uses', () => {
    const texts = readSources(root, ['src'])
      .filter(({ file }) => !isTest(file) && file !== 'src/matrix/errors.ts')
      .map((one) => one.text);
    assert.deepEqual(unusedCodes(texts), []);
    assert.ok(unusedCodes([]).includes('M_FORBIDDEN'));
  });
});

describe('conformance', () => {
  const declaration = parseSource('src/matrix/api/client-server/login.ts', 'export const login = 1;\n');
  const handler = parseSource(
    'src/http/client-api/login.ts',
    "import { login } from '../../matrix/api/client-server/login.ts';\nexport const loginRoute = login;\n",
  );
  const index = parseSource('src/http/client-api/index.ts', "import { loginRoute } from './login.ts';\nloginRoute;\n");

  it('counts an operation as served only when its handler is registered', () => {
    const file = 'src/matrix/api/client-server/login.ts';
    assert.equal(coverageOf([declaration, handler]).handlers.get(file), undefined);
    assert.equal(coverageOf([declaration, handler, index]).handlers.get(file), 'src/http/client-api/login.ts');
  });

  it('draws a row with links', () => {
    const test = parseSource(
      'test/conformance/client-server/session.test.ts',
      "test('logout, login: work', () => {});\n",
    );
    const operation = { id: 'login', api: 'client-server', method: 'POST', path: '/login' } as const;
    const full = { ...operation, access: 'none', rateLimited: true, parameters: [], body: {}, summary: '' } as const;
    const page = conformancePage([{ ...full, responses: new Map() }], coverageOf([declaration, handler, index, test]));
    assert.match(page, /1 operations · 1 served · 1 with a test/);
    assert.match(page, /\| `login` \| POST `\/login` \| \[login\.ts\]\(.*\) \| \[session\.test\.ts\]\(.*\) \|/);
  });
});
