import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { name } from '../../../../test/harness/outbound/world.ts';
import { type BatchLimits, type Found, planBatch } from './batch.ts';
import { placeOf } from './place.ts';

const LIMITS: BatchLimits = { pdus: 50, edus: 100, items: undefined, bytes: 10_000 };
const server = name('a.example');

/** Entries at positions 10, 20, …, each with so many events of such a size. */
function found(groups: readonly (readonly number[])[], edus: readonly number[] = [], ephemeral = 0): Found {
  const events = groups.map((sizes, index) => {
    const position = placeOf((index + 1) * 10);
    assert.ok(position !== 0);
    return { position, pdus: sizes.map((size) => 'p'.repeat(size)) };
  });
  return {
    events,
    end: placeOf(groups.length * 10 + 5),
    edus: edus.map((size, index) => ({ number: index + 1, server, json: 'e'.repeat(size) })),
    ephemeral: Array.from({ length: ephemeral }, (_, index) => `x${index}`),
  };
}

test('nothing found is no transaction', () => {
  assert.equal(planBatch(found([]), LIMITS), undefined);
});

test('everything that fits, and the cursor beyond the last', () => {
  const batch = planBatch(found([[1], [2, 3]], [4], 2), LIMITS);
  assert.deepEqual(batch, {
    pdus: ['p', 'pp', 'ppp'],
    edus: ['eeee', 'x0', 'x1'],
    end: 25,
    eduNumbers: [1],
    itemCount: 3,
  });
});

test('entries are not split, and the cursor stands at the last that fits', () => {
  const groups = [Array<number>(30).fill(1), Array<number>(15).fill(1), Array<number>(10).fill(1), [1]];
  const batch = planBatch(found(groups), LIMITS);
  assert.equal(batch?.pdus.length, 45);
  assert.equal(batch.end, 20);
});

test('bytes are limited, but never to nothing', () => {
  const batch = planBatch(found([[9000], [2000], [1]], [20_000, 1]), LIMITS);
  assert.equal(batch?.pdus.length, 1);
  assert.equal(batch.end, 10);
  assert.deepEqual(batch.eduNumbers, [1]);
});

test('while something is suspect: so many items, events first, and nothing that may be dropped', () => {
  const some = found([[1], [1]], [1, 1], 3);
  const plan = (items: number) => planBatch(some, { ...LIMITS, items });
  assert.deepEqual([plan(1)?.pdus.length, plan(1)?.edus.length, plan(1)?.end], [1, 0, 10]);
  assert.deepEqual([plan(3)?.pdus.length, plan(3)?.edus.length, plan(3)?.itemCount], [2, 1, 3]);
  assert.equal(planBatch(found([], [], 3), { ...LIMITS, items: 1 }), undefined);
});

test('batch after batch, everything comes once, in order, within the limits', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 12_000 }), { minLength: 1, maxLength: 10 });
  const groups = fc.array(sizes, { maxLength: 30 });
  const edus = fc.array(fc.integer({ min: 1, max: 12_000 }), { maxLength: 250 });
  const items = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
  fc.assert(
    fc.property(groups, edus, items, (groupSizes, eduSizes, itemsMax) => {
      const all = found(groupSizes, eduSizes);
      let left: Found = all;
      const [pdus, numbers]: [string[], number[]] = [[], []];
      for (;;) {
        const batch = planBatch(left, { ...LIMITS, items: itemsMax });
        if (batch === undefined) break;
        assert.ok(batch.pdus.length <= 50 && batch.edus.length <= 100);
        assert.ok(batch.itemCount >= 1 && batch.itemCount <= (itemsMax ?? 150));
        pdus.push(...batch.pdus);
        numbers.push(...batch.eduNumbers);
        const done = new Set(batch.eduNumbers);
        left = {
          ...left,
          events: left.events.filter((one) => one.position > batch.end),
          edus: left.edus.filter((row) => !done.has(row.number)),
        };
      }
      assert.deepEqual(
        pdus,
        all.events.flatMap((one) => one.pdus),
      );
      assert.deepEqual(
        numbers,
        all.edus.map((row) => row.number),
      );
    }),
  );
});
