import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../adapters/clock/fake-clock.ts';
import { type Deferred, defer } from '../lib/deferred.ts';
import { Places } from './overtime.ts';

const HOLD_MS = 10_000;

function rig(places: number, max: number) {
  const clock = new FakeClock();
  const work = new Places(clock, { places, overtime: { holdMs: HOLD_MS, max } });
  const begun: string[] = [];
  const ends = new Map<string, Deferred<void>>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  };
  return {
    clock,
    begun,
    settle,
    come(name: string): Promise<void> {
      const end = defer<void>();
      ends.set(name, end);
      return work.run(async () => {
        begun.push(name);
        await end.promise;
      });
    },
    async end(name: string): Promise<void> {
      ends.get(name)?.resolve();
      await settle();
    },
  };
}

test('work waits for a place, and has one when other work is done, however that ended', async () => {
  const { begun, settle, come, end } = rig(2, 1);
  const all = ['a', 'b', 'c'].map(come);
  await settle();
  assert.deepEqual(begun, ['a', 'b']);
  await end('b');
  assert.deepEqual(begun, ['a', 'b', 'c']);
  for (const name of ['a', 'c']) await end(name);
  await Promise.all(all);
});

test('work that takes long holds nobody up, and so does much of it, up to a bound', async () => {
  const { clock, begun, settle, come, end } = rig(1, 2);
  const all = ['slow', 'slower', 'slowest', 'last'].map(come);
  await settle();
  assert.deepEqual(begun, ['slow']);
  for (const expected of [2, 3, 3]) {
    clock.advance(HOLD_MS);
    await settle();
    assert.equal(begun.length, expected);
  }
  await end('slow');
  assert.equal(begun.length, 3, 'its place was given away long ago');
  await end('slowest');
  assert.deepEqual(begun, ['slow', 'slower', 'slowest', 'last']);
  for (const name of ['slower', 'last']) await end(name);
  await Promise.all(all);
});
