/** Random lives of rooms, a few of them here; `npm run sim` lives as many as one likes. */
import { after, before, test } from 'node:test';
import { Federation } from './federation.ts';
import { live } from './life.ts';
import { Node } from './node.ts';

let federation: Federation;

before(async () => {
  federation = await Federation.of(await Node.startAll(['one.test', 'two.test', 'three.test', 'four.test']));
});

after(() => federation.finish());

for (const version of ['1', '2', '6', '10', '11', '12']) {
  for (const seed of [1, 2, 3, 4, 5]) {
    test(`room version ${version}, seed ${seed}`, () => live(federation, version, seed));
  }
}
