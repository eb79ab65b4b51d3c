import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseSource } from '../tidy/source.ts';
import type { Operation } from '../spec/operations.ts';
import { endpointFiles, registered } from './endpoint.ts';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const operation: Operation = {
  id: 'getNews',
  api: 'client-server',
  method: 'GET',
  path: '/_matrix/client/v3/news/{userId}',
  access: 'required',
  rateLimited: true,
  parameters: [],
  body: undefined,
  responses: new Map([['200', { type: 'object', properties: { news: { type: 'string' } }, required: ['news'] }]]),
  summary: 'Gets news',
};

describe('a new endpoint', () => {
  it('has a declaration, a handler and a test that parse', () => {
    const { files, index } = endpointFiles(operation);
    assert.equal(index, 'src/http/client-api/index.ts');
    assert.deepEqual(
      [...files.keys()],
      [
        'src/matrix/api/client-server/getNews.ts',
        'src/http/client-api/getNews.ts',
        'test/conformance/client-server/getNews.test.ts',
      ],
    );
    for (const [file, text] of files) parseSource(file, text);
    assert.match(
      files.get('src/matrix/api/client-server/getNews.ts') ?? '',
      /response: object\(\{ news: string\(\) \}\)/,
    );
  });

  it('goes to the media folder when it is about media', () => {
    const media = { ...operation, path: '/_matrix/client/v1/media/news' };
    assert.equal(endpointFiles(media).index, 'src/http/media-api/index.ts');
  });

  it('is registered once, in its place', () => {
    const index = readFileSync(path.join(root, 'src/http/client-api/index.ts'), 'utf8');
    const next = registered(index, 'getNews');
    parseSource('index.ts', next);
    assert.equal(next.split('\n').length, index.split('\n').length + 2);
    assert.match(next, /import \{ getNewsRoute \} from '\.\/getNews\.ts';/);
    assert.match(next, /^ {2}getNewsRoute,$/m);
    assert.equal(registered(next, 'getNews'), next);
  });

  it('is registered in an index that lists calls', () => {
    const index =
      "import { aRoute } from './a.ts';\nexport function routes(services) {\n  return [aRoute(services)];\n}\n";
    assert.match(registered(index, 'getNews'), /return \[aRoute\(services\), getNewsRoute\(services\)\];/);
  });
});
