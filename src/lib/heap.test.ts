import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Heap } from './heap.ts';

test('hands out in order, also when pushes and pops mix', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant('pop' as const))), (steps) => {
      const heap = new Heap<number>((left, right) => left - right);
      const model: number[] = [];
      for (const step of steps) {
        if (step === 'pop') assert.equal(heap.pop(), model.shift());
        else {
          heap.push(step);
          model.push(step);
          model.sort((left, right) => left - right);
        }
        assert.equal(heap.size, model.length);
        assert.equal(heap.first, model[0]);
      }
    }),
    { numRuns: 100 },
  );
});
