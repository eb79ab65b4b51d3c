import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { StateTree } from '../../lib/state-tree.ts';
import { type StateKey, type StateMap, stateKeyOf } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import { type GraphEvent, RoomGraph, sha1, userOf } from '../../../test/fixtures/room-graph.ts';
import { versions } from '../../../test/fixtures/room-kit.ts';
import { ChainCover } from '../auth-chain/chain-cover.ts';
import { partitionMaps, partitionTrees, resolve, resolveInSteps } from './index.ts';
import { sortByMainline, sortByPower } from './order.ts';

interface Scenario {
  readonly name: string;
  readonly events: readonly GraphEvent[];
  readonly leaves?: readonly string[];
  readonly states?: readonly (readonly string[])[];
  readonly expected: Readonly<Record<string, string | null>>;
  readonly expected12?: Readonly<Record<string, string | null>>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/state-resolution.json', import.meta.url), 'utf8'),
) as { readonly base: readonly GraphEvent[]; readonly scenarios: readonly Scenario[] };

function graphOf(version: string, events: readonly GraphEvent[]): RoomGraph {
  const graph = new RoomGraph(version);
  for (const event of [...fixture.base, ...events]) {
    assert.deepEqual(graph.add(event), { accept: true }, `${event.name} version ${version}`);
  }
  return graph;
}

/** The states that a scenario resolves: named, or those after its leaves. */
function statesOf(graph: RoomGraph, scenario: Scenario): StateMap[] {
  if (scenario.states !== undefined) return scenario.states.map((names) => graph.stateOf(names));
  const cited = new Set(scenario.events.flatMap((event) => event.prev ?? []));
  const isChain = scenario.events.every((event) => event.prev === undefined);
  const ends = scenario.events.map((event) => event.name).filter((name) => !cited.has(name));
  const leaves = scenario.leaves ?? (isChain ? ends.slice(-1) : ends);
  return leaves.map((name) => graph.stateAfter([name]));
}

function named(graph: RoomGraph, state: StateMap, key: string): string | null {
  const [type = '', stateKey = ''] = key.split('|');
  const id = state.get(stateKeyOf(type, type === 'm.room.member' ? userOf(stateKey) : stateKey));
  return [...graph.byName].find(([, event]) => event.eventId === id)?.[0] ?? null;
}

for (const scenario of fixture.scenarios) {
  test(`adv-007 adv-010 ${scenario.name}`, () => {
    for (const rules of versions(2)) {
      const graph = graphOf(rules.version, scenario.events);
      const states = statesOf(graph, scenario);
      const is21 = rules.stateResolution === 'v2.1' && scenario.expected12 !== undefined;
      const expected = is21 ? scenario.expected12 : scenario.expected;
      for (const order of [states, states.toReversed(), [...states, ...states]]) {
        const result = graph.resolve(order);
        for (const [key, name] of Object.entries(expected)) {
          assert.equal(named(graph, result, key), name, `${key} version ${rules.version}`);
        }
      }
    }
  });
}

test('the chain cover and state trees give the same resolution as walking and maps', () => {
  for (const scenario of fixture.scenarios) {
    for (const rules of versions(2)) {
      const graph = graphOf(rules.version, scenario.events);
      const states = statesOf(graph, scenario);
      const cover = new ChainCover<EventId>();
      for (const event of graph.room.events.values()) {
        const same = event.authEvents.find((id) => {
          const cited = graph.fetchEvent(id);
          return cited?.type === event.type && cited.stateKey === event.stateKey;
        });
        cover.insert(event.eventId, event.authEvents, same);
      }
      const keys: StateKey[] = [...new Set(states.flatMap((state) => [...state.keys()]))];
      const trees = states.map((state) =>
        StateTree.from([...state].map(([key, id]) => [keys.indexOf(key), id] as const)),
      );
      const partition = partitionTrees(trees, {
        stateKeyOf: (key) => keys[key] as StateKey,
        findKey: (key) => (keys.includes(key) ? keys.indexOf(key) : undefined),
        eventIdOf: (id) => id as EventId,
      });
      assert.deepEqual(partition.conflicted, partitionMaps(states).conflicted);
      const own = (state: StateMap) => [...state].filter(([key]) => partition.conflicted.has(key)).map(([, id]) => id);
      const shared = [...(states[0] ?? [])].filter(([key]) => !partition.conflicted.has(key)).map(([, id]) => id);
      const resolution = resolve({
        rules,
        partition,
        fetchEvent: graph.fetchEvent,
        authDifference: () => cover.authDifference(states.map(own), shared),
        conflictedSubgraph: (conflicted) => cover.conflictedSubgraph(conflicted),
        isRejected: (id) => graph.rejected.has(id),
        verify: () => false,
        sha1,
      });
      const whole = new Map([...(states[0] ?? [])].filter(([key]) => !partition.conflicted.has(key)));
      for (const [key, id] of resolution) whole.set(key, id);
      assert.deepEqual(whole, graph.resolve(states), scenario.name);
    }
  }
});

test('adv-036 in mainline order what stands on no power levels comes first', () => {
  const graph = graphOf('11', [{ name: 'topic', type: 'm.room.topic', sender: 'alice', key: '' }]);
  const events = ['topic', 'power', 'alice'].map((name) => graph.get(name));
  const sorted = sortByMainline(events, graph.get('power'), graph.fetchEvent);
  assert.deepEqual(
    sorted.map((event) => event.eventId),
    ['$alice', '$power', '$topic'],
  );
  const withoutMainline = sortByMainline(events, undefined, graph.fetchEvent);
  assert.deepEqual(
    withoutMainline.map((event) => event.eventId),
    ['$alice', '$power', '$topic'],
  );
});

test('adv-012 in power order a creator comes before an admin with any level', () => {
  const events: GraphEvent[] = [
    { name: 'admin', type: 'm.room.power_levels', sender: 'alice', key: '', levels: { bob: Number.MAX_SAFE_INTEGER } },
    {
      name: 'bobs',
      type: 'm.room.join_rules',
      sender: 'bob',
      key: '',
      content: { join_rule: 'invite' },
      prev: ['admin'],
      ts: 1,
    },
    {
      name: 'alices',
      type: 'm.room.join_rules',
      sender: 'alice',
      key: '',
      content: { join_rule: 'public' },
      prev: ['admin'],
      ts: 2,
    },
  ];
  const graph = graphOf('12', events);
  const tied = new Map(['bobs', 'alices'].map((name) => [graph.get(name).eventId, graph.get(name)]));
  const sorted = sortByPower(tied, graph.room.rules, graph.fetchEvent);
  assert.deepEqual(
    sorted.map((event) => event.eventId),
    ['$alices', '$bobs'],
  );
});

test('adv-029 events that are unknown or malformed leave the rest of the resolution alone', () => {
  for (const rules of versions(1)) {
    const graph = graphOf(rules.version, [
      {
        name: 'invite-only',
        type: 'm.room.join_rules',
        sender: 'alice',
        key: '',
        content: { join_rule: 'invite' },
        prev: ['charlie'],
      },
      { name: 'ella', type: 'm.room.member', sender: 'ella', content: { membership: 'join' }, prev: ['charlie'] },
    ]);
    const [left, right] = [graph.stateAfter(['invite-only']), graph.stateAfter(['ella'])];
    const odd = graph.room.event({
      type: 'm.room.member',
      stateKey: 'no user',
      sender: '@x:x.example',
      content: { membership: null },
    });
    const bad = new Map(right)
      .set(stateKeyOf('m.room.topic', ''), '$unknown' as EventId)
      .set(stateKeyOf('m.room.member', 'no user'), odd.eventId);
    const result = graph.resolve([left, bad]);
    assert.equal(named(graph, result, 'm.room.join_rules|'), 'invite-only');
    assert.equal(result.get(stateKeyOf('m.room.topic', '')), undefined);
  }
});

test('adv-009 adv-037 a rejected event neither enters the state nor supports another event', () => {
  for (const rules of versions(2)) {
    const graph = graphOf(rules.version, []);
    const before = graph.stateAfter(['charlie']);
    const forged: GraphEvent = {
      name: 'forged',
      type: 'm.room.power_levels',
      sender: 'charlie',
      key: '',
      levels: { charlie: 100 },
    };
    assert.equal(graph.add(forged).accept, false);
    const injected = new Map(before).set(stateKeyOf('m.room.power_levels', ''), graph.get('forged').eventId);
    assert.equal(named(graph, graph.resolve([before, injected]), 'm.room.power_levels|'), 'power');
  }
});

test('room version 1: power levels by depth until one is refused, other events by the highest depth', () => {
  const events: GraphEvent[] = [
    {
      name: 'admins',
      type: 'm.room.power_levels',
      sender: 'alice',
      key: '',
      levels: { alice: 100, bob: 0 },
      prev: ['charlie'],
    },
    {
      name: 'moderators',
      type: 'm.room.power_levels',
      sender: 'bob',
      key: '',
      levels: { alice: 100, bob: 50, charlie: 50 },
      prev: ['charlie'],
    },
    { name: 'topic', type: 'm.room.topic', sender: 'alice', key: '', content: { topic: '1' }, prev: ['admins'] },
    { name: 'topic-2', type: 'm.room.topic', sender: 'bob', key: '', content: { topic: '2' }, prev: ['moderators'] },
  ];
  const graph = graphOf('1', events);
  const states = [graph.stateAfter(['topic']), graph.stateAfter(['topic-2'])];
  for (const order of [states, states.toReversed()]) {
    const result = graph.resolve(order);
    // The first of the list needs no authorisation; the second is bob's, whom the first has demoted.
    assert.equal(named(graph, result, 'm.room.power_levels|'), 'admins');
    assert.equal(named(graph, result, 'm.room.topic|'), 'topic');
    assert.equal(named(graph, result, 'm.room.member|bob'), 'bob');
  }
});

test('room version 1: which member is resolved first does not matter', () => {
  const levels = { alice: 100, bob: 50 };
  const events: GraphEvent[] = [
    { name: 'levels', type: 'm.room.power_levels', sender: 'alice', key: '', levels, prev: ['charlie'] },
    // Where bob is resolved first, he may kick; where charlie is, nobody knows whether bob is there.
    { name: 'renamed', type: 'm.room.member', sender: 'bob', content: { membership: 'join', displayname: 'B' } },
    {
      name: 'kicked',
      type: 'm.room.member',
      sender: 'bob',
      key: 'charlie',
      content: { membership: 'leave' },
      prev: ['levels'],
    },
  ];
  const graph = graphOf('1', events);
  const states = [graph.stateAfter(['renamed']), graph.stateAfter(['kicked'])];
  for (const order of [states, states.map((state) => new Map([...state].reverse()))]) {
    const result = graph.resolve(order);
    assert.equal(named(graph, result, 'm.room.member|bob'), 'renamed');
    assert.equal(named(graph, result, 'm.room.member|charlie'), 'charlie');
  }
});

test('resolution does not depend on the order of states, events or insertion', () => {
  const step = fc.record({ actor: fc.nat(3), kind: fc.nat(6), target: fc.nat(3), fork: fc.nat(3), ts: fc.nat(5) });
  const names = ['alice', 'bob', 'charlie', 'ella'];
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), fc.constantFrom(...versions(1)), (steps, rules) => {
      const graph = new RoomGraph(rules.version);
      for (const event of fixture.base) graph.add(event);
      const heads = ['charlie', 'charlie', 'charlie', 'charlie'];
      steps.forEach(({ actor, kind, target, fork, ts }, index) => {
        const sender = names[actor] as string;
        const common = { name: `e${index}`, sender, prev: [heads[fork] as string], ts: 50_000 + ts };
        const of: Omit<GraphEvent, keyof typeof common>[] = [
          { type: 'm.room.topic', key: '', content: { topic: String(index) } },
          { type: 'm.room.member', content: { membership: 'join' } },
          { type: 'm.room.member', content: { membership: 'leave' } },
          { type: 'm.room.member', key: names[target] as string, content: { membership: 'ban' } },
          { type: 'm.room.join_rules', key: '', content: { join_rule: target % 2 === 0 ? 'public' : 'invite' } },
          { type: 'm.room.power_levels', key: '', levels: { alice: 100, bob: 50, [names[target] as string]: 50 } },
          { type: 'm.room.member', key: names[target] as string, content: { membership: 'leave' } },
        ];
        const verdict = graph.add({ ...common, ...(of[kind] as (typeof of)[number]) });
        if (verdict.accept) heads[fork] = common.name;
      });
      const states = heads.map((name) => graph.stateAfter([name]));
      const sorted = (state: StateMap) => [...state].sort(([a], [b]) => (a < b ? -1 : 1));
      const expected = sorted(graph.resolve(states));
      assert.deepEqual(sorted(graph.resolve(states.toReversed())), expected);
      assert.deepEqual(sorted(graph.resolve([...states, ...states])), expected);
      assert.deepEqual(sorted(graph.resolve([states[0] as StateMap])), sorted(states[0] as StateMap));
    }),
    { numRuns: 60 },
  );
});

test('a large conflict pauses on the way', () => {
  const graph = graphOf('11', []);
  const join = (index: number, name: string) => {
    const user = `@u${index}:x.example`;
    const auth = ['create', 'power', 'rules'].map((each) => graph.get(each).eventId);
    const content = { membership: 'join', displayname: name };
    return graph.room.event({ type: 'm.room.member', stateKey: user, sender: user, content, auth });
  };
  const before = graph.stateAfter(['charlie']);
  const states = ['left', 'right'].map((side) => {
    const state = new Map(before);
    for (let index = 0; index < 200; index += 1) {
      const event = join(index, side);
      state.set(stateKeyOf(event.type, event.stateKey ?? ''), event.eventId);
    }
    return state;
  });
  const steps = resolveInSteps({
    rules: graph.room.rules,
    partition: partitionMaps(states),
    fetchEvent: graph.fetchEvent,
    authDifference: () => [],
    conflictedSubgraph: () => [],
    isRejected: () => false,
    verify: () => false,
    sha1,
  });
  let pauses = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) pauses += 1;
  assert.equal(step.value.size, 200);
  assert.equal(pauses, 6);
});
