import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundedMap } from './bounded-map.ts';

test('forgets the entry used least lately, and holds no more than it may', () => {
  const map = boundedMap<string, number>(3);
  for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index);
  assert.equal(map.get('a'), 0);
  map.set('d', 3);
  assert.deepEqual([...map.keys()].toSorted(), ['a', 'c', 'd']);
  map.set('c', 9);
  map.set('e', 4);
  assert.deepEqual(
    [...map.entries()].toSorted(([left], [right]) => left.localeCompare(right)),
    [
      ['c', 9],
      ['d', 3],
      ['e', 4],
    ],
  );
});
