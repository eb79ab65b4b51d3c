import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GLOB_PATTERN_BYTES_MAX, isGlob, matchesGlob } from './glob.ts';

test('table', () => {
  const cases: [string, string, boolean][] = [
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'ac', true],
    ['a*c', 'abcd', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['?', '😀', true],
    ['??', '😀', false],
    ['*.evil.com', 'a.evil.com', true],
    ['*.evil.com', 'evil.com', false],
    ['**a**', 'bab', true],
    ['a', 'A', false],
    ['.', 'x', false],
    ['[ab]', 'a', false],
    ['[ab]', '[ab]', true],
    ['*ab', 'aab', true],
  ];
  for (const [pattern, text, expected] of cases)
    assert.equal(matchesGlob(pattern, text), expected, `${pattern} ${text}`);
});

test('agrees with a regular expression', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 10 });
  fc.assert(
    fc.property(word, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }), (pattern, text) => {
      const source = pattern.replaceAll(/\*+/g, '.*').replaceAll('?', '.');
      assert.equal(matchesGlob(pattern, text), new RegExp(`^${source}$`).test(text));
    }),
    { numRuns: 200 },
  );
});

test('adv-042 adv-099 the worst patterns end quickly', () => {
  const body = 'a'.repeat(65_536);
  const started = performance.now();
  assert.equal(matchesGlob('*a*a*a*a*a*a*a*ab', body), false);
  assert.equal(matchesGlob(`${'?'.repeat(8)}*${'*a'.repeat(40)}*b`, body), false);
  assert.ok(performance.now() - started < 500);
  assert.equal(matchesGlob('*'.repeat(GLOB_PATTERN_BYTES_MAX), body), true);
  assert.equal(matchesGlob('*'.repeat(GLOB_PATTERN_BYTES_MAX + 1), body), false);
});

test('wildcards are found', () => {
  assert.equal(isGlob('a*'), true);
  assert.equal(isGlob('a?'), true);
  assert.equal(isGlob('a.b'), false);
});
