/** Every draft is a topology that is taken as it is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTopology } from './check.ts';
import { type DraftAnswers, draftHasFront, draftNeedsAbroad, draftNodes, draftTopology } from './draft.ts';
import { BUILT_OPTIONS } from './topology.ts';

const KEY = 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg';
const secrets = {
  label: 'q7x2vk',
  linkPath: '/r4nd0m',
  pathSecret: 'zpxq7r4s8t2v6w1y',
  keys: new Map([
    ['server', KEY],
    ['front', 'ed25519:Kay64UG8yvCyLhqU000LxzYeUm0L/hLIl5S8kyKWbdc'],
    ['abroad', 'ed25519:6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw'],
  ] as const),
};
function answersOf(option: DraftAnswers['option']): DraftAnswers {
  const isAbroad = ['1', '6', '7', '9'].includes(option);
  const isHome = option === '11';
  return {
    name: 'example.org',
    option,
    server: {
      addresses: option === '12' || isHome ? [] : [isAbroad ? '203.0.113.9' : '198.51.100.80'],
      port: option === '12' ? undefined : isAbroad ? 443 : 41_443,
    },
    front: option === '12' ? { addresses: ['203.0.113.20'], port: 443 } : { addresses: [], port: 40_443 },
    abroad: { name: 'friends.example.net', place: { addresses: ['203.0.113.30'], port: 8448 } },
  };
}

describe('the draft of a topology', () => {
  for (const option of BUILT_OPTIONS) {
    for (const hasAbroad of draftNeedsAbroad(option) ? [true] : [true, false]) {
      it(`of option ${option}${hasAbroad ? ' with a server abroad' : ''} has no mistake`, () => {
        const all = answersOf(option);
        const answers = hasAbroad ? all : { ...all, abroad: undefined };
        const draft = draftTopology(answers, secrets);
        const { topology, mistakes } = parseTopology(draft);
        assert.deepEqual(mistakes, undefined);
        assert.deepEqual([...(topology?.nodes.keys() ?? [])], draftNodes(answers));
        assert.equal(draftHasFront(option), topology?.nodes.has('front'));
      });
    }
  }

  it('has the key of exactly those nodes that have a link', () => {
    const { nodes } = draftTopology({ ...answersOf('4t'), abroad: undefined }, secrets) as {
      nodes: Record<string, { key?: string }>;
    };
    assert.deepEqual(
      Object.entries(nodes).map(([name, { key }]) => [name, key !== undefined]),
      [
        ['server', true],
        ['front', true],
      ],
    );
    const bare = draftTopology({ ...answersOf('4'), abroad: undefined }, secrets);
    assert.equal(JSON.stringify(bare).includes('ed25519'), false);
  });
});
