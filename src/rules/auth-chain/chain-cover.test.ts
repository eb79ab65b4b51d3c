import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChainCover, type ChainLink, type ChainPosition } from './chain-cover.ts';
import { authChainOf, authDifferenceByWalk, conflictedSubgraphByWalk } from './walk.ts';

interface Graph {
  /** Auth events of event n: lower numbers. */
  readonly cited: readonly (readonly number[])[];
  /** The state key of event n. */
  readonly keys: readonly number[];
}

const graph: fc.Arbitrary<Graph> = fc
  .array(fc.record({ picks: fc.array(fc.nat(), { maxLength: 4 }), key: fc.nat(4) }), { minLength: 1, maxLength: 40 })
  .map((events) => ({
    cited: events.map(({ picks }, n) => (n === 0 ? [] : [...new Set(picks.map((pick) => pick % n))])),
    keys: events.map(({ key }) => key),
  }));

/** Inserts all events; also returns the rows in a form that can be read back. */
function build({ cited, keys }: Graph) {
  const cover = new ChainCover<number>();
  const events: (ChainPosition & { event: number })[] = [];
  const links: ChainLink[] = [];
  cited.forEach((authEvents, event) => {
    const predecessor = authEvents.filter((id) => keys[id] === keys[event]).sort((a, b) => b - a)[0];
    const { links: added, ...position } = cover.insert(event, authEvents, predecessor);
    events.push({ event, ...position });
    links.push(...added);
  });
  return { cover, events, links };
}

const sorted = (ids: Iterable<number> | undefined) => [...(ids ?? [])].sort((a, b) => a - b);

test('adv-034 agrees with walking the graph, also when read back from rows in any order', () => {
  const picks = fc.array(fc.nat(), { minLength: 0, maxLength: 5 });
  fc.assert(
    fc.property(
      graph,
      fc.array(picks, { minLength: 1, maxLength: 4 }),
      picks,
      fc.boolean(),
      (g, sets, common, reload) => {
        const { cover: built, events, links } = build(g);
        const cover = reload ? ChainCover.from(events.toReversed(), links.toReversed()) : built;
        const size = g.cited.length;
        const authEventsOf = (event: number) => g.cited[event];
        const take = (numbers: readonly number[]) => numbers.map((number) => number % size);
        for (const set of sets) {
          assert.deepEqual(sorted(cover.authChain(take(set))), sorted(authChainOf(take(set), authEventsOf)));
          for (const from of take(set)) {
            const chain = authChainOf([from], authEventsOf);
            for (const to of take(common)) assert.equal(cover.isInAuthChain(from, to), chain?.has(to));
          }
        }
        const whole = sets.map((set) => [...take(set), ...take(common)]);
        const expected = sorted(authDifferenceByWalk(whole, authEventsOf));
        assert.deepEqual(sorted(cover.authDifference(whole)), expected);
        assert.deepEqual(sorted(cover.authDifference(sets.map(take), take(common))), expected);
        const citing = cover.citingDifference(sets.map(take));
        const needed = take(common).filter((event) => citing.has(event));
        assert.deepEqual(sorted(cover.authDifference(sets.map(take), needed)), expected);
        const conflicted = new Set(take(sets.flat()));
        assert.deepEqual(
          sorted(cover.conflictedSubgraph(conflicted)),
          sorted(conflictedSubgraphByWalk(conflicted, authEventsOf)),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('an index that was read back goes on like the one that was not', () => {
  fc.assert(
    fc.property(graph, (g) => {
      const { cover, events, links } = build(g);
      const reloaded = ChainCover.from(events, links);
      assert.equal(reloaded.nextChain, cover.nextChain);
      const last = g.cited.length - 1;
      assert.deepEqual(reloaded.insert(1000, [last], last), cover.insert(1000, [last], last));
    }),
    { numRuns: 50 },
  );
});

test('adv-028 a hostile graph costs no more links than it has citations, and bounded time', () => {
  const size = 10_000;
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const cited = Array.from({ length: size }, (_, n) =>
    n === 0 ? [] : [...new Set(Array.from({ length: 10 }, () => random(n)))],
  );
  const started = process.cpuUsage();
  const { cover, links } = build({ cited, keys: cited.map((_, n) => n) });
  assert.ok(links.length <= size * 10);
  assert.equal(cover.authChain([size - 1]).size, authChainOf([size - 1], (n) => cited[n])?.size);
  assert.ok(cover.authDifference([[size - 1], [size - 2]]).size >= 0);
  assert.ok(process.cpuUsage(started).user / 1000 < 10_000, 'ten seconds of the processor');
});

test('an event whose auth events are not there has no place', () => {
  const cover = new ChainCover<string>();
  assert.equal(cover.canInsert(['a']), false);
  assert.throws(() => cover.insert('b', ['a']));
  cover.insert('a', []);
  assert.equal(cover.canInsert(['a']), true);
  assert.deepEqual(cover.insert('b', ['a'], 'a'), { chain: 1, seq: 2, links: [] });
  assert.deepEqual(cover.insert('c', ['a'], 'a'), {
    chain: 2,
    seq: 1,
    links: [{ chain: 2, seq: 1, toChain: 1, toSeq: 1 }],
  });
  assert.throws(() => cover.insert('c', ['a']));
  assert.equal(cover.find('x'), undefined);
});

test('adv-034 a walk that cannot be finished gives no chain', () => {
  const known = new Map([
    [3, [2]],
    [2, [1]],
  ]);
  assert.equal(
    authChainOf([3], (id) => known.get(id)),
    undefined,
  );
  known.set(1, []);
  assert.deepEqual(sorted(authChainOf([3], (id) => known.get(id))), [1, 2]);
  assert.equal(
    authChainOf([3], (id) => known.get(id), 1),
    undefined,
  );
});
