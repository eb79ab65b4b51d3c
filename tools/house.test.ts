/** Each wrong thing once, in a small tree of its own: the real compiler, linter and tidy must refuse it by name. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { planFiles, readLayers } from './layers/plan.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const layers = readLayers(readFileSync(path.join(root, 'src/layers.json'), 'utf8'));
let tree = '';

function put(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
  writeFileSync(path.join(tree, file), text);
}

function run(program: string, args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: tree, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** Files of the tree that the output names. */
function named(output: string): Set<string> {
  return new Set([...output.matchAll(/src\/[a-z/-]+\/[a-z-]+\.tsx?/g)].map(([file]) => file));
}

const LONG = `export function long(): number {\n${'  Number(1);\n'.repeat(80)}  return 1;\n}\n`;
const DEEP =
  'export function deep(): void {\n' +
  '  for (const a of [1]) for (const b of [a]) for (const c of [b]) if (c) while (c) Number(c);\n}\n';

before(() => {
  tree = mkdtempSync(path.join(tmpdir(), 'postern-house-'));
  symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'));
  for (const file of ['package.json', 'tsconfig.base.json', 'src/pure.d.ts', 'src/layers.json', 'ARCHITECTURE.md']) {
    mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    cpSync(path.join(root, file), path.join(tree, file));
  }
  for (const [file, text] of planFiles(layers)) put(file, text);
  put('tsconfig.test.json', '{ "extends": "./tsconfig.base.json", "files": ["src/pure.d.ts"] }');
  for (const name of layers.keys()) put(`src/${name}/right.ts`, 'export const right = 1;\n');
  put('src/http/right-use.ts', "import { right } from '../server/right.ts';\nexport const use = right;\n");
});

after(() => rmSync(tree, { recursive: true, force: true }));

describe('the house', () => {
  it('the compiler refuses imports upward and sideways, I/O in pure layers and the DOM in the client', () => {
    put('src/storage/upward.ts', "import { right } from '../server/right.ts';\nexport const up = right;\n");
    put('src/adapters/sideways.ts', "import { right } from '../storage/right.ts';\nexport const side = right;\n");
    put('src/http/kit/parent.ts', "import { right } from '../right.ts';\nexport const parent = right;\n");
    put('src/rules/effect.ts', "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n");
    put('src/matrix/timer.ts', 'export const timer = setTimeout;\n');
    put('src/client/page.ts', 'export const page = document;\n');
    const wrong = ['storage/upward', 'adapters/sideways', 'http/kit/parent', 'rules/effect', 'matrix/timer'];
    const { status, output } = run('node_modules/typescript/bin/tsc', ['-b', '--pretty', 'false']);
    const files = named(output);
    assert.notEqual(status, 0);
    for (const one of [...wrong, 'client/page']) assert.ok(files.has(`src/${one}.ts`), `${one} in\n${output}`);
    assert.equal(files.has('src/http/right-use.ts'), false);
    for (const one of [...wrong, 'client/page']) rmSync(path.join(tree, `src/${one}.ts`));
  });

  it('the linter refuses skipped layers, packages outside their home, clocks and randomness (adv-071)', () => {
    const wrong: Record<string, string> = {
      'src/http/skip.ts': "import { right } from '../rules/right.ts';\nexport const skip = right;\n",
      'src/http/client-api/skip.ts': "import { right } from '../../ports/right.ts';\nexport const skip = right;\n",
      'src/web/ui/skip.tsx': "import { right } from '../../client/right.ts';\nexport const skip = right;\n",
      'src/server/driver.ts': "import pg from 'pg';\nexport const driver = pg;\n",
      'src/storage/driver.ts': "import pg from 'pg';\nexport const driver = pg;\n",
      'src/rules/clock.ts': 'export const clock = new Date();\n',
      'src/matrix/random.ts': 'export const random = Math.random();\n',
      'src/server/clock.ts': 'export const clock = Date.now();\n',
      'src/server/timer.ts': 'export const timer = setTimeout;\n',
      'src/server/environment.ts': "export const home = process.env['HOME'];\n",
      'src/lib/cycle-a.ts': "import { b } from './cycle-b.ts';\nexport const a = (): number => b();\n",
      'src/lib/cycle-b.ts': "import { a } from './cycle-a.ts';\nexport const b = (): number => a();\n",
      'src/lib/extension.ts': "import { right } from './right.js';\nexport const extension = right;\n",
    };
    for (const [file, text] of Object.entries(wrong)) put(file, text);
    put('src/storage/postgres/driver.ts', "import pg from 'pg';\nexport const driver = pg;\n");
    const { status, output } = run('node_modules/oxlint/bin/oxlint', ['--format', 'unix', 'src']);
    const files = named(output);
    assert.notEqual(status, 0);
    for (const file of Object.keys(wrong)) assert.ok(files.has(file), `${file} in\n${output}`);
    assert.deepEqual([...files].toSorted(), Object.keys(wrong).toSorted());
    for (const file of Object.keys(wrong)) rmSync(path.join(tree, file));
  });

  it('tidy refuses what its rules name, and nothing else', () => {
    const wrong: [file: string, text: string, rule: string][] = [
      ['src/server/rooms/up.ts', "import { right } from '../sync/index.ts';\nexport const up = right;\n", 'order'],
      ['src/server/sync/inside.ts', "import { right } from '../rooms/part.ts';\nexport const inner = right;\n", 'face'],
      ['src/server/sync/long.ts', LONG, 'function-length'],
      ['src/server/sync/deep.ts', DEEP, 'nesting'],
      ['src/server/sync/loose.ts', 'export const loose: any = 1;\n', 'any'],
      ['src/server/sync/sure.ts', 'export const sure = [1][0]!;\n', 'non-null'],
      ['src/server/sync/many.ts', 'export function many(a = 1, b = 2, c = 3, d = 4, e = 5): void {}\n', 'parameters'],
      ['src/server/sync/pattern.ts', 'export const pattern = (x: string) => new RegExp(x);\n', 'regexp-from-input'],
      ['src/server/sync/logs.ts', 'declare const log: any;\nlog.info({ password: 1 });\n', 'logged-secret'],
      ['src/server/sync/later.ts', '// TODO: later\n', 'todo'],
      ['src/rules/silent.ts', 'export function silent(): void {}\n', 'doc-sentence'],
      ['src/web/ui/html.tsx', 'export const html = (e: Element) => (e.innerHTML = "");\n', 'banned-word'],
      ['src/storage/text.ts', 'export const text = (x: string) => `SELECT a FROM ${x}`;\n', 'sql-template'],
      ['src/http/whole.ts', 'export default 1;\n', 'default-export'],
      ['src/lib/wide.ts', `export const wide = '${'x'.repeat(120)}';\n`, 'line-length'],
    ];
    for (const [file, text] of wrong) put(file, text);
    for (const folder of ['rooms', 'sync']) put(`src/server/${folder}/index.ts`, 'export const right = 1;\n');
    put('src/server/rooms/part.ts', 'export const right = 1;\n');
    const { status, output } = run(path.join(root, 'tools/tidy.ts'), ['--root', tree]);
    assert.equal(status, 1);
    for (const [file, , rule] of wrong) assert.match(output, new RegExp(`^${file}:\\d+ \\[${rule}\\]`, 'm'));
    const innocent = output.split('\n').filter((line) => line.includes('right') && !/dead-(?:file|export)/.test(line));
    assert.deepEqual(innocent, []);
    for (const [file] of wrong) rmSync(path.join(tree, file));
  });
});
