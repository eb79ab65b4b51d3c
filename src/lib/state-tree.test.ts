import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StateTree } from './state-tree.ts';

const key = fc.oneof(fc.nat(40), fc.nat(2000), fc.nat(2 ** 30 - 1));
const change = fc.record({ key, value: fc.option(fc.nat(5), { nil: undefined }) });

function applied(tree: StateTree<number>, changes: readonly { key: number; value: number | undefined }[]) {
  return changes.reduce((at, { key: k, value }) => (value === undefined ? at.delete(k) : at.set(k, value)), tree);
}

const model = (tree: StateTree<number>) => new Map(tree.entries());

test('agrees with a Map, and older versions stay as they were', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.array(change, { maxLength: 60 }), (first, second) => {
      const map = new Map<number, number>();
      const follow = (changes: typeof first) => {
        for (const { key: k, value } of changes) {
          if (value === undefined) map.delete(k);
          else map.set(k, value);
        }
        return [...map].sort(([a], [b]) => a - b);
      };
      const early = applied(StateTree.empty<number>(), first);
      const expected = follow(first);
      assert.deepEqual(early.entries(), expected);
      const late = applied(early, second);
      assert.deepEqual(late.entries(), follow(second));
      assert.deepEqual(early.entries(), expected);
      assert.equal(late.size, map.size);
      for (const { key: k } of [...first, ...second]) assert.equal(late.get(k), map.get(k));
    }),
    { numRuns: 150 },
  );
});

test('differences turn one version into the other', () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(change), fc.array(change), (base, left, right) => {
      const root = applied(StateTree.empty<number>(), base);
      const a = applied(root, left);
      const b = applied(root, right);
      const differences = a.diff(b);
      const from = model(a);
      const to = model(b);
      for (const { key: k, before, after } of differences) {
        assert.equal(before, from.get(k));
        assert.equal(after, to.get(k));
        assert.notEqual(before, after);
      }
      const changes = differences.map(({ key: k, after }) => ({ key: k, value: after }));
      assert.deepEqual(applied(a, changes).entries(), b.entries());
      assert.deepEqual(a.diff(a), []);
    }),
    { numRuns: 150 },
  );
});

test('what changes nothing returns the same tree', () => {
  const tree = StateTree.from<number>([
    [1, 5],
    [1000, 6],
  ]);
  assert.equal(tree.set(1, 5), tree);
  assert.equal(tree.delete(2), tree);
  assert.equal(tree.get(2 ** 29), undefined);
  assert.throws(() => tree.set(-1, 1), RangeError);
  assert.throws(() => tree.set(2 ** 30, 1), RangeError);
  assert.deepEqual(StateTree.empty<number>().diff(tree).length, 2);
});

test('a comparison visits what differs, not what is there', () => {
  const tree = StateTree.from(Array.from({ length: 50_000 }, (_, index) => [index, index] as const));
  const changed = tree.set(7, 0).set(49_999, 0).delete(25_000);
  let visited = 0;
  tree.forEachDifference(changed, () => (visited += 1));
  assert.equal(visited, 3);
});
