import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeNul, listText, sqliteText, unescapeNul } from './text-code.ts';

test('NUL is kept out of the text and comes back', () => {
  assert.equal(escapeNul('a\0b'), 'a\u00010b');
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('\0', '\u0001', '0', '1', 'a') }), (text) => {
      assert.ok(!escapeNul(text).includes('\0'));
      assert.equal(unescapeNul(escapeNul(text)), text);
    }),
    { numRuns: 200 },
  );
});

test('a lone surrogate in a list becomes U+FFFD, a pair stays', () => {
  assert.equal(listText(['\ud800x', '\u{1F600}'], sqliteText), '["\ufffdx","\u{1F600}"]');
});

test('bytes in a list become hexadecimal', () => {
  assert.equal(listText([new Uint8Array([0, 255])], sqliteText), '["00ff"]');
});
