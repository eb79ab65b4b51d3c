import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './index.ts';

test('tokens have the asked length and never come twice', () => {
  const random = createRandom();
  const tokens = new Set<string>();
  for (let index = 0; index < 5000; index += 1) tokens.add(random.token(22));
  assert.equal(tokens.size, 5000);
  for (const token of tokens) assert.match(token, /^[A-Za-z0-9_-]{22}$/);
  for (const length of [1, 2, 3, 4, 43]) assert.equal(random.token(length).length, length);
});

test('bytes are the caller’s own', () => {
  const random = createRandom();
  const bytes = random.bytes(32);
  assert.equal(bytes.buffer.byteLength, 32);
  assert.equal(random.bytes(40_000).length, 40_000);
  assert.notDeepEqual(random.bytes(32), random.bytes(32));
});

test('integers are below their bound, and values that would bias them are drawn again', () => {
  const draws = [0xff, 0x00];
  const random = createRandom((pool) => {
    // The first six bytes lie in the incomplete stretch, the next ones do not.
    pool.fill(0xff, 0, 6);
    pool.fill(draws[1] ?? 0, 6);
  });
  assert.equal(random.integer(10), 0);
  const real = createRandom();
  for (let index = 0; index < 1000; index += 1) assert.ok(real.integer(3) < 3);
});
