/**
 * A process to be killed: writes without end and tells each acknowledged write on standard output, one number a line.
 * Arguments: the data folder, the first number.
 */
import { writeSync } from 'node:fs';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { openStore } from '../open.ts';
import { Kit } from './kit.ts';

const IN_FLIGHT = 10;
const [, , folder = '', first = '0'] = process.argv;

const store = await openStore({
  engine: 'sqlite',
  folder,
  cryptoModule: siblingUrl(import.meta.url, '../../adapters/crypto/index').href,
  signingKeys: [],
});
const kit = new Kit(store);
let count = Number(first);

async function writeForEver(): Promise<never> {
  for (;;) {
    count += 1;
    const number = count;
    await store.transact((one) => {
      one.accounts.setServerValue(`ack${number}`, 'x'.repeat(number % 3000));
      one.keys.putToDevice(kit.user(), kit.device(), '{}');
    });
    writeSync(1, `${number}\n`);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, writeForEver));
