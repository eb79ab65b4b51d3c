import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readLayers } from '../layers/plan.ts';
import { judge, lower } from './baseline.ts';
import { readImports } from './graph.ts';
import { readTable } from './house.ts';
import { checkDead, checkOrder } from './imports.ts';
import { checkDependencies, checkLock, type PackageRules } from './packages.ts';
import { checkShape } from './shape.ts';
import { type Finding, parseSource } from './source.ts';
import { checkWords, countCasts } from './words.ts';

function rulesOf(findings: readonly Finding[]): string[] {
  return findings.map((one) => one.rule);
}

function finding(key: string, value: number, rule = 'function-length'): Finding {
  return { rule, file: 'src/a.ts', line: 1, key, value, message: 'x' };
}

describe('tidy: shape', () => {
  it('counts a function by its lines and lets a describe be long', () => {
    const body = '  Number(1);\n'.repeat(70);
    const long = `function one() {\n${body}}\n`;
    assert.deepEqual(rulesOf(checkShape(parseSource('src/a/a.ts', long))), ['function-length']);
    const suite = `describe('x', () => {\n${body}});\n`;
    assert.deepEqual(checkShape(parseSource('src/a/a.test.ts', suite)), []);
    assert.equal(checkShape(parseSource('src/a/a.ts', suite)).length, 1);
  });

  it('does not count an else-if, or the levels of an inner function, as deeper', () => {
    const flat = 'function f(x) { if (x) {} else if (x) {} else if (x) {} else if (x) {} else if (x) {} else {} }';
    assert.deepEqual(checkShape(parseSource('src/a/a.ts', flat)), []);
    const inner = 'function f(x) { if (x) if (x) if (x) return () => { if (x) if (x) return; }; }';
    assert.deepEqual(checkShape(parseSource('src/a/a.ts', inner)), []);
    const deep = 'function f(x) { if (x) if (x) if (x) if (x) if (x) return; }';
    assert.deepEqual(rulesOf(checkShape(parseSource('src/a/a.ts', deep))), ['nesting']);
  });

  it('gives functions of one name keys of their own', () => {
    const twice = 'class A { f(a, b, c, d, e) {} }\nclass B { f(a, b, c, d, e) {} }\n';
    const keys = checkShape(parseSource('src/a/a.ts', twice)).map((one) => one.key);
    assert.deepEqual(keys, ['src/a/a.ts#f', 'src/a/a.ts#f~2']);
  });
});

describe('tidy: words', () => {
  it('accepts a TODO with an issue, and SQL from constants', () => {
    const ok = '// TODO(#12): later\nconst A = `SELECT ${COLUMNS} FROM events`;\n';
    assert.deepEqual(checkWords(parseSource('src/storage/queries/a.ts', ok)), []);
    const wrong = 'const A = (name) => `SELECT a FROM ${name}`;\n';
    assert.deepEqual(rulesOf(checkWords(parseSource('src/storage/queries/a.ts', wrong))), ['sql-template']);
  });

  it('counts casts by layer, `as const` not among them', () => {
    const source = parseSource('src/lib/a.ts', 'const a = [1] as const; const b = a as unknown as string;\n');
    const [one] = countCasts([source], () => 'lib');
    assert.deepEqual([one?.key, one?.value], ['src/lib', 2]);
  });
});

describe('tidy: imports', () => {
  const layers = readLayers('{ "server": { "may": [], "order": [["low"], ["left", "right"], ["high"]] } }');
  const order = (from: string, to: string): string[] =>
    rulesOf(checkOrder(layers, readImports([parseSource(from, `import type { A } from '${to}';\n`)])));

  it('lets a service import a lower face and its own parts', () => {
    assert.deepEqual(order('src/server/high/a.ts', '../low/index.ts'), []);
    assert.deepEqual(order('src/server/high/a.ts', './b.ts'), []);
    assert.deepEqual(order('src/server/low/a.ts', '../context.ts'), []);
  });

  it('refuses upward, sideways, another inside, and a folder without a place', () => {
    assert.deepEqual(order('src/server/low/a.ts', '../high/index.ts'), ['order']);
    assert.deepEqual(order('src/server/left/a.ts', '../right/index.ts'), ['order']);
    assert.deepEqual(order('src/server/high/a.ts', '../low/part.ts'), ['face']);
    assert.ok(order('src/server/new/a.ts', '../low/index.ts').includes('order'));
  });

  it('finds values and files that nobody imports', () => {
    const sources = [
      parseSource('src/lib/a.ts', 'export const used = 1;\nexport const dead = 2;\nexport interface Shape {}\n'),
      parseSource('src/lib/b.ts', "import { used } from './a.ts';\nused;\n"),
      parseSource('src/lib/c.test.ts', "import './b.ts';\n"),
    ];
    const dead = checkDead(sources, readImports(sources)).map((one) => one.key);
    assert.deepEqual(dead, ['src/lib/a.ts#dead']);
    const alone = checkDead(sources.slice(0, 2), readImports(sources.slice(0, 2)));
    assert.deepEqual(rulesOf(alone), ['dead-export', 'dead-file']);
  });

  it('reads the table of layers', () => {
    const table = readTable(
      '# x\n\n| layer | may import | note |\n|---|---|---|\n| `a` | `b`, `c/d` | `e` |\n| `f` | nothing | |\n',
    );
    assert.deepEqual([...table], [['a', ['b', 'c/d']], ['f', []]]); // biome-ignore format: pairs
  });
});

describe('tidy: packages', () => {
  const rules: PackageRules = {
    slots: { good: 'x' },
    licences: ['MIT'],
    licenceExceptions: {},
    installScripts: ['known'],
    budget: { required: 2, withOptional: 3 },
    bad: { evil: ['1.0.0'] },
  };
  const integrity = 'sha512-x';

  it('wants a slot and a home for each dependency', () => {
    const layers = readLayers('{ "lib": { "may": [], "thirdParty": { "": ["good"] } } }');
    assert.deepEqual(checkDependencies({ dependencies: { good: '1' } }, rules, layers), []);
    assert.equal(checkDependencies({ dependencies: { good: '1', more: '1' } }, rules, layers).length, 2);
    assert.equal(checkDependencies({}, rules, layers).length, 2);
  });

  it('refuses git, addresses, missing checksums, scripts, bad releases and too many', () => {
    const lock = (entry: object) => checkLock({ 'node_modules/evil': { dev: true, integrity, ...entry } }, rules);
    assert.deepEqual(lock({}), []);
    assert.match(lock({ resolved: 'git+ssh://x' })[0]?.message ?? '', /git/);
    assert.match(lock({ resolved: 'https://r/x.tgz' })[0]?.message ?? '', /address/);
    assert.match(lock({ integrity: 'sha1-x' })[0]?.message ?? '', /sha512/);
    assert.match(lock({ hasInstallScript: true })[0]?.message ?? '', /script/);
    assert.match(lock({ version: '1.0.0' })[0]?.message ?? '', /bad release/);
    const many = Object.fromEntries(['a', 'b', 'c'].map((name) => [`node_modules/${name}`, { integrity }]));
    assert.match(checkLock(many, rules)[0]?.message ?? '', /at most 2/);
  });

  it('lets only packages for other machines go without a checksum', () => {
    const lock = (libc: string) =>
      checkLock({ 'node_modules/a': { optional: true, dev: true, os: ['linux'], cpu: ['x64'], libc: [libc] } }, rules);
    assert.deepEqual(lock('musl'), []);
    assert.equal(lock('glibc').length, 1);
  });
});

describe('tidy: the ratchet', () => {
  const baseline = { 'function-length': { a: 90, b: 80 } };

  it('lets stand what is no worse, and refuses growth and newcomers', () => {
    const { errors, standing, better } = judge([finding('a', 91), finding('b', 80), finding('c', 71)], baseline);
    assert.deepEqual(errors.map((one) => one.key), ['a', 'c']); // biome-ignore format: short
    assert.deepEqual(standing.map((one) => one.key), ['b']); // biome-ignore format: short
    assert.deepEqual(better, []);
    assert.deepEqual(judge([], baseline).better, ['function-length a', 'function-length b']);
  });

  it('goes only downwards unless told to accept', () => {
    const findings = [finding('a', 95), finding('b', 75), finding('c', 71)];
    assert.deepEqual(lower(findings, baseline, false), { 'function-length': { a: 90, b: 75 } });
    assert.deepEqual(lower(findings, baseline, true), { 'function-length': { a: 95, b: 75, c: 71 } });
  });

  it('never takes in what has no ratchet', () => {
    assert.deepEqual(lower([finding('a', 1, 'any')], {}, true), {});
    assert.equal(judge([finding('a', 1, 'any')], { any: { a: 9 } }).errors.length, 1);
  });

  it('adds up findings under one key', () => {
    const two = [finding('a', 1, 'face'), finding('a', 1, 'face')];
    assert.equal(judge(two, { face: { a: 1 } }).errors.length, 1);
    assert.equal(judge(two, { face: { a: 2 } }).errors.length, 0);
  });
});
