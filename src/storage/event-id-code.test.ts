import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EventId } from '../matrix/ids.ts';
import { eventIdBytes, eventIdOf } from './event-id-code.ts';

const hashId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((hash) => {
  const url = Buffer.from(hash).toString('base64url');
  return { url: `$${url}`, plain: `$${Buffer.from(hash).toString('base64').slice(0, 43)}` };
});
const textId = fc
  .string({ minLength: 1, maxLength: 60 })
  .map((text) => `$${text.replaceAll(/[\0\p{Surrogate}]/gu, '')}`);

test('an id of a later room version takes the 32 bytes of its hash', () => {
  assert.equal(eventIdBytes(`$${'A'.repeat(43)}` as EventId).length, 32);
});

test('the base64 of version 3 is kept apart from the URL-safe one of the same hash', () => {
  const hash = Buffer.alloc(32, 0xff);
  const plain = eventIdBytes(`$${hash.toString('base64').slice(0, 43)}` as EventId);
  const url = eventIdBytes(`$${hash.toString('base64url')}` as EventId);
  assert.notDeepEqual(plain, url);
});

test('a text id of 32 bytes does not pass for a hash', () => {
  const id = `$${'a'.repeat(24)}:server` as EventId;
  assert.equal(Buffer.byteLength(id), 32);
  assert.equal(eventIdBytes(id).length, 33);
  assert.equal(eventIdOf(eventIdBytes(id)), id);
});

test('every id comes back as it was, and different ids have different bytes', () => {
  const anyId = fc.oneof(
    hashId.map((ids) => ids.url),
    hashId.map((ids) => ids.plain),
    textId,
  );
  fc.assert(
    fc.property(anyId, anyId, (left, right) => {
      const [a, b] = [eventIdBytes(left as EventId), eventIdBytes(right as EventId)];
      assert.equal(eventIdOf(a), left);
      assert.equal(a.equals(b), left === right);
    }),
    { numRuns: 200 },
  );
});
