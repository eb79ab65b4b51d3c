/** A process that lives every so manyth life of a run, and tells who started it. */
import { liveShare } from './lives.ts';
import { parseOptions } from './options.ts';

const [index = '0', ...args] = process.argv.slice(2);
const isDone = await liveShare({ options: parseOptions(args), index: Number(index) }, (failure) => {
  process.send?.({ failure });
});
process.send?.({ isDone });
process.disconnect();
