import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from './base64.ts';

test('the unpadded examples of the specification', () => {
  const pairs = [
    '',
    '',
    'f',
    'Zg',
    'fo',
    'Zm8',
    'foo',
    'Zm9v',
    'foob',
    'Zm9vYg',
    'fooba',
    'Zm9vYmE',
    'foobar',
    'Zm9vYmFy',
  ];
  for (let i = 0; i < pairs.length; i += 2) {
    const bytes = Buffer.from(pairs[i] ?? '');
    assert.equal(encodeBase64(bytes), pairs[i + 1]);
    assert.deepEqual(Buffer.from(decodeBase64(pairs[i + 1] ?? '') ?? 'none'), bytes);
  }
});

test('agrees with Buffer, with and without padding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const padded = Buffer.from(bytes).toString('base64');
      assert.equal(encodeBase64(bytes), padded.replaceAll('=', ''));
      assert.equal(encodeBase64Url(bytes), Buffer.from(bytes).toString('base64url'));
      assert.deepEqual(decodeBase64(padded), bytes);
      assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
      assert.deepEqual(decodeBase64Url(encodeBase64Url(bytes)), bytes);
    }),
    { numRuns: 200 },
  );
});

test('what is no base64 is undefined', () => {
  for (const text of ['A', 'AAAAA', 'AA-_', 'A A=', '=', 'AA=A', 'AAA\u0100', '===='])
    assert.equal(decodeBase64(text), undefined);
  for (const text of ['AA+/', 'A']) assert.equal(decodeBase64Url(text), undefined);
});
