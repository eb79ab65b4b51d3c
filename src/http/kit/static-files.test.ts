import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { StaticFiles } from './static-files.ts';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const folder = mkdtempSync(path.join(tmpdir(), 'postern-static-'));
const server = createServer((incoming, response) => {
  if (files.serves(incoming)) files.handle(incoming, response);
  else response.writeHead(418).end();
});
let files: StaticFiles;

/** Sends the path as it stands: `fetch` would normalise it. */
function get(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return new Promise((resolve, reject) => {
    const outgoing = request({ port: address.port, host: '127.0.0.1', path: target, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    outgoing.on('error', reject).end();
  });
}

before(async () => {
  mkdirSync(path.join(folder, 'assets'));
  const rules = { '/': { 'x-rule': 'page' }, '/assets/*': { 'x-rule': 'assets' }, '/*': { 'x-rule': 'rest' } };
  const contents = {
    'headers.json': JSON.stringify(rules),
    'index.html': '<p>page',
    'assets/app.js': '0123456789',
    'assets/app.js.br': 'brotli',
    'assets/app.js.zst': 'zstd',
    'logo.svg': '<svg/>',
    'secret.key': 'secret',
  };
  for (const [name, text] of Object.entries(contents)) writeFileSync(path.join(folder, name), text);
  files = StaticFiles.open(folder);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe('files of the web client', () => {
  it('have their type, and the headers of the rule that fits best', async () => {
    const script = await get('/assets/app.js?v=1');
    assert.deepEqual([script.status, script.body], [200, '0123456789']);
    assert.equal(script.headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(script.headers['x-rule'], 'assets');
    assert.equal((await get('/logo.svg')).headers['x-rule'], 'rest');
    assert.equal((await get('/index.html')).headers['x-rule'], 'page');
  });

  it('come in the form that the client takes', async () => {
    for (const [accept, encoding, body] of [
      ['br, zstd', 'br', 'brotli'],
      ['zstd', 'zstd', 'zstd'],
      ['br;q=0, zstd', 'zstd', 'zstd'],
      ['gzip', undefined, '0123456789'],
    ] as const) {
      const reply = await get('/assets/app.js', { 'accept-encoding': accept });
      assert.deepEqual([reply.headers['content-encoding'], reply.body], [encoding, body], accept);
      assert.equal(reply.headers['vary'], 'Accept-Encoding');
    }
  });

  it('come in parts, of the plain form', async () => {
    const part = async (range: string): Promise<unknown[]> => {
      const reply = await get('/assets/app.js', { range, 'accept-encoding': 'br' });
      return [reply.status, reply.body, reply.headers['content-range'], reply.headers['content-encoding']];
    };
    assert.deepEqual(await part('bytes=2-4'), [206, '234', 'bytes 2-4/10', undefined]);
    assert.deepEqual(await part('bytes=8-'), [206, '89', 'bytes 8-9/10', undefined]);
    assert.deepEqual(await part('bytes=8-99'), [206, '89', 'bytes 8-9/10', undefined]);
    for (const wrong of ['bytes=10-', 'bytes=4-2', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=-1']) {
      assert.deepEqual((await part(wrong))[0], 200, wrong);
    }
  });

  it('are told without their bytes to HEAD', async () => {
    const reply = await get('/assets/app.js', {}, 'HEAD');
    assert.deepEqual([reply.status, reply.headers['content-length'], reply.body], [200, '10', '']);
  });

  it('are the page for every other path, and nothing for a file that is gone', async () => {
    for (const place of ['/', '/rooms/x', '/rooms/!a:b', '/__proto__', '/constructor']) {
      assert.equal((await get(place)).body, '<p>page', place);
    }
    assert.deepEqual([(await get('/assets/old.js')).status, (await get('/assets/old.js')).body], [404, '']);
  });

  it('adv-095: are those of the folder with a known type, and no others', async () => {
    for (const place of [
      '/secret.key',
      '/headers.json',
      '/../secret.key',
      '/%2e%2e/etc/passwd',
      '/assets/../secret.key',
    ]) {
      const { body } = await get(place);
      assert.ok(body === '' || body === '<p>page', `${place} → ${body}`);
    }
  });

  it('leave the paths of the APIs and other methods alone', async () => {
    for (const place of ['/_matrix/client/versions', '/_postern/x', '/_synapse/x', '/.well-known/matrix/client']) {
      assert.equal((await get(place)).status, 418, place);
    }
    assert.equal((await get('/', {}, 'POST')).status, 418);
  });
});

describe('a web client that has not been built', () => {
  it('says how to build it', async () => {
    const built = files;
    files = StaticFiles.open(path.join(folder, 'missing'));
    const reply = await get('/rooms');
    files = built;
    assert.match(reply.body, /npm run build:web/);
    assert.match(String(reply.headers['content-security-policy']), /default-src 'none'; frame-ancestors 'none'/);
    assert.equal(reply.headers['x-frame-options'], 'DENY', 'adv-080');
  });
});
