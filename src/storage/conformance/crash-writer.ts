/**
 * A process to be killed: writes without end and tells each acknowledged write on standard output, one number a line.
 * Arguments: the data folder, the first number.
 */
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { errorCode } from '../../lib/error-code.ts';
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

/** Says that a write was acknowledged, as soon as whoever listens has room for it. */
async function tell(number: number): Promise<void> {
  for (;;) {
    try {
      writeSync(1, `${number}\n`);
      return;
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      await setImmediate();
    }
  }
}

async function writeForEver(): Promise<never> {
  for (;;) {
    count += 1;
    const number = count;
    await store.transact((one) => {
      one.accounts.setServerValue(`ack${number}`, 'x'.repeat(number % 3000));
      one.keys.putToDevice(kit.user(), kit.device(), '{}');
    });
    await tell(number);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, writeForEver));
