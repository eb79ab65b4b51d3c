import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareChildren } from './children.ts';

interface Child {
  readonly room: string;
  readonly at: number;
  readonly order?: string | number | undefined;
}

function eventOf({ room, at, order }: Child): Parameters<typeof compareChildren>[0] {
  const content = { via: ['a'], ...(order !== undefined && { order }) };
  return { content, originServerTs: at, stateKey: room };
}

function sorted(children: readonly Child[]): string[] {
  return children
    .map(eventOf)
    .toSorted(compareChildren)
    .map((one) => one.stateKey);
}

describe("the order of a space's children", () => {
  it('is by order, then by time, then by room id', () => {
    const children: Child[] = [
      { room: '!e', at: 3 },
      { room: '!d', at: 2 },
      { room: '!c', at: 2 },
      { room: '!b', at: 9, order: 'b' },
      { room: '!z', at: 9, order: '~' },
      { room: '!a', at: 9, order: ' ' },
      { room: '!y', at: 8, order: 'b' },
    ];
    assert.deepEqual(sorted(children), ['!a', '!y', '!b', '!z', '!c', '!d', '!e']);
  });

  it('takes no order that is not valid', () => {
    const wrong = [7, '', 'é', 'a\n', 'a'.repeat(51)];
    const children = wrong.map((order, index): Child => ({ room: `!${index}`, at: 9 - index, order }));
    assert.deepEqual(sorted([...children, { room: '!first', at: 99, order: '~' }]), [
      '!first',
      '!4',
      '!3',
      '!2',
      '!1',
      '!0',
    ]);
  });

  it('is the same from wherever the children come', () => {
    const child = fc.record({
      room: fc.constantFrom('!a', '!b', '!c', '!d'),
      at: fc.integer({ min: 0, max: 2 }),
      order: fc.constantFrom(undefined, 'a', 'b', 'é'),
    });
    const children = fc.uniqueArray(child, { selector: (one) => one.room });
    fc.assert(
      fc.property(children, (all) => assert.deepEqual(sorted(all), sorted(all.toReversed()))),
      { numRuns: 200 },
    );
  });
});
