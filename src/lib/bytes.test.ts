import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, concatBytes, equalBytes, utf8Decode, utf8Encode } from './bytes.ts';

const of = (...bytes: number[]) => new Uint8Array(bytes);

test('UTF-8 both ways, strictly', () => {
  assert.equal(utf8Decode(utf8Encode('日本語😀')), '日本語😀');
  assert.equal(utf8Decode(of(0xff)), undefined);
  assert.equal(utf8Decode(of(0xef, 0xbb, 0xbf)), '\ufeff');
});

test('joins and compares', () => {
  assert.deepEqual(concatBytes([of(1, 2), of(), of(3)]), of(1, 2, 3));
  assert.equal(equalBytes(of(1, 2), of(1, 2)), true);
  assert.equal(equalBytes(of(1, 2), of(1, 3)), false);
  assert.equal(equalBytes(of(1, 2), of(1)), false);
  assert.ok(compareBytes(of(1, 2), of(1, 3)) < 0);
  assert.ok(compareBytes(of(1, 2), of(1)) > 0);
  assert.equal(compareBytes(of(1), of(1)), 0);
});
