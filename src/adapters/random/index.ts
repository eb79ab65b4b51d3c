import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { assert } from '../../lib/assert.ts';
import type { Random } from '../../ports/random.ts';

/** Filling a pool at once costs a fraction of asking for each id. */
const POOL_BYTES = 16_384;
const INTEGER_BYTES = 6;
const INTEGER_RANGE = 2 ** 48;

/** The Random port by the operating system's generator. `fill` overwrites a buffer with random bytes. */
export function createRandom(fill: (pool: Buffer) => void = randomFillSync): Random {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  const take = (count: number): Buffer => {
    if (count > POOL_BYTES) {
      const own = Buffer.alloc(count);
      fill(own);
      return own;
    }
    if (used + count > POOL_BYTES) {
      fill(pool);
      used = 0;
    }
    const taken = Buffer.from(pool.subarray(used, used + count));
    // Nothing that was given out stays behind in the pool.
    pool.fill(0, used, used + count);
    used += count;
    return taken;
  };
  return {
    bytes: (count) => new Uint8Array(take(count)),
    token: (length) =>
      take(Math.ceil((length * 3) / 4))
        .toString('base64url')
        .slice(0, length),
    integer(below) {
      assert(Number.isSafeInteger(below) && below > 0 && below <= INTEGER_RANGE, 'the bound of a random integer fits');
      // Values from the last, incomplete stretch of the range would make small results likelier.
      const limit = INTEGER_RANGE - (INTEGER_RANGE % below);
      for (;;) {
        const value = take(INTEGER_BYTES).readUIntBE(0, INTEGER_BYTES);
        if (value < limit) return value % below;
      }
    },
  };
}
