/** Which of the 151 rows of the catalogue of advisories have a test that carries their number. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const ROWS = 151;
/** Covered so far: a number that only grows. */
const COVERED = 122;

const root = path.resolve(import.meta.dirname, '..');

/** Numbers in names of tests and comments beside them: `adv-046` alone, or `adv-046–049` for a range. */
function numbersIn(text: string): number[] {
  return [...text.matchAll(/adv-([0-9]{3})(?:[–-]([0-9]{3}))?/g)].flatMap(([, from, to]) => {
    const first = Number(from);
    const last = to === undefined ? first : Number(to);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

test('advisories covered by tests grow in number', (t) => {
  // The suite of the storage engines and the harness hold some of them: they are part of every run.
  const patterns = ['src/**/*.test.ts', 'src/storage/conformance/*.ts', 'test/**/*.ts', 'tools/**/*.test.ts'];
  const files = globSync(patterns, { cwd: root });
  const found = new Set(
    files
      .filter((file) => !file.endsWith('advisories.test.ts'))
      .flatMap((file) => numbersIn(readFileSync(path.join(root, file), 'utf8')))
      .filter((number) => number >= 1 && number <= ROWS),
  );
  t.diagnostic(`advisories covered ${found.size}/${ROWS}`);
  assert.ok(found.size >= COVERED, `${found.size} rows have a test, there were ${COVERED}`);
});
