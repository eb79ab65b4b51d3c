/** What the browser must fetch before the first screen, and what each later part may cost (CLIENT.md §9.4). */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { buildWeb } from '../../tools/build-web.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-budget-'));
const KIB = 1024;

before(() => buildWeb(folder, { compressed: false, single: false }));
after(() => rmSync(folder, { recursive: true, force: true }));

function compressed(file: string): number {
  return brotliCompressSync(readFileSync(path.join(folder, file))).length;
}

function assets(): string[] {
  return readdirSync(path.join(folder, 'assets')).map((file) => `assets/${file}`);
}

function named(name: string): string {
  const found = assets().find((file) => file.startsWith(`assets/${name}-`) && file.endsWith('.js'));
  assert.ok(found !== undefined, `a chunk ${name}`);
  return found;
}

test('the sign-in and invitation forms need at most 40 KiB', () => {
  const page = readFileSync(path.join(folder, 'index.html'), 'utf8');
  const scripts = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1] ?? '');
  assert.ok(scripts.length > 0);
  const total = ['index.html', ...scripts].reduce((sum, file) => sum + compressed(file), 0);
  assert.ok(total <= 40 * KIB, `${total} bytes`);
  assert.ok(compressed('index.html') <= 14 * KIB);
});

test('each later part stays within its limit', () => {
  const limits: [string, number][] = [
    ['engine', 36],
    ['open', 28],
    ['room-screen', 16],
    ['details', 4],
    ['settings', 4],
    ['routes', 2],
    ['invite', 8],
    ['new-chat', 4],
    ['verification', 5],
    ['recovery-dialogs', 7],
    ['zh-hans', 6],
  ];
  for (const [name, limitKib] of limits) {
    const size = compressed(named(name));
    assert.ok(size <= limitKib * KIB, `${name}: ${size} bytes`);
  }
  assert.ok(compressed('service.js') <= 10 * KIB);
});

test('the crypto wasm is stripped, and nothing foreign is in any chunk', () => {
  const wasm = assets().find((file) => file.endsWith('.wasm')) ?? '';
  assert.ok(readFileSync(path.join(folder, wasm)).length < 5_000_000);
  for (const file of assets().filter((one) => one.endsWith('.js'))) {
    const text = readFileSync(path.join(folder, file), 'utf8');
    for (const word of ['matrix-js-sdk', 'react-dom', '~kind', 'dangerouslySetInnerHTML=']) {
      assert.ok(!text.includes(word), `${word} in ${file}`);
    }
  }
});

test('the page runs under the policy: no inline script, one inline style with its hash', () => {
  const page = readFileSync(path.join(folder, 'index.html'), 'utf8');
  assert.equal([...page.matchAll(/<script(?![^>]*\bsrc=)/g)].length, 0);
  assert.equal([...page.matchAll(/<style>/g)].length, 1);
  assert.equal(/\sstyle="/.test(page), false);
  assert.match(page, /require-trusted-types-for 'script'/);
});
