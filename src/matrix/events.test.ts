import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitStateKey, stateKeyOf } from './events.ts';

test('adv-141 joined state keys are unique and split again, whatever they hold', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('', '__proto__', '1:a', ':', '\0'),
  );
  fc.assert(
    fc.property(text, text, text, text, (type, stateKey, otherType, otherKey) => {
      const key = stateKeyOf(type, stateKey);
      assert.deepEqual(splitStateKey(key), { type, stateKey });
      const isSame = type === otherType && stateKey === otherKey;
      assert.equal(key === stateKeyOf(otherType, otherKey), isSame);
    }),
    { numRuns: 200 },
  );
});
