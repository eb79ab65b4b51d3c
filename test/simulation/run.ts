/** `npm run sim -- --seed N [--seeds K] [--versions 1,12]`: lives rooms from seed N on; prints what failed. */
import { parseArgs } from 'node:util';
import { ROOM_VERSIONS } from '../../src/matrix/room-versions.ts';
import { Federation } from './federation.ts';
import { live } from './life.ts';
import { Node } from './node.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    versions: { type: 'string', default: [...ROOM_VERSIONS.keys()].join(',') },
  },
});

const first = Number(values.seed);
const federation = await Federation.of(await Node.startAll(['one.test', 'two.test', 'three.test', 'four.test']));
const failed: string[] = [];
let count = 0;
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  for (const version of values.versions.split(',')) {
    count += 1;
    try {
      await live(federation, version, seed);
    } catch (error) {
      failed.push(`room version ${version}, seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      console.log(failed.at(-1));
    }
  }
  if (seed % 10 === 0) console.log(`seed ${seed}: ${count} lives, ${failed.length} failed`);
}
await federation.finish();
console.log(`${count} lives, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
