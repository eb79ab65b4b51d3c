/** `npm run test:kill -- --rounds 50 --seed 1` */
import { parseArgs } from 'node:util';
import { killRounds } from './rounds.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const tally = await killRounds(Number(values.rounds), Number(values.seed), (text) => console.log(text));
console.log(`${tally.rounds} kills, ${tally.acknowledged} acknowledged writes, none lost`);
console.log(`slowest start ${Math.round(tally.slowestStartMs)} ms`);
