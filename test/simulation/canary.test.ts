/** Faults that the checks of the simulation must find: a check that finds nothing is none. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Federation } from './federation.ts';
import { live } from './life.ts';
import { Node } from './node.ts';

let federation: Federation;

before(async () => {
  federation = await Federation.of(await Node.startAll(['one.test', 'two.test', 'three.test']));
});

after(() => federation.finish());

const SEEDS = 20;

/** Whether one of some lives ends in a failed check whose message is this. */
async function isFound(message: RegExp): Promise<boolean> {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      await live(federation, '10', seed);
    } catch (error) {
      if (error instanceof assert.AssertionError && message.test(error.message)) return true;
      throw error;
    }
  }
  return false;
}

test('a server that merges states by another algorithm (P1, P2)', async () => {
  federation.node(1).defect = 'merges wrongly';
  assert.ok(await isFound(/is the same on every server|mean the same state/));
  federation.node(1).defect = undefined;
});

test('a server that loses what it receives (P4)', async () => {
  federation.node(2).defect = 'loses';
  assert.ok(await isFound(/what was acknowledged is on/));
  federation.node(2).defect = undefined;
});
