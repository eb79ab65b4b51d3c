import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../adapters/clock/index.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { DEFAULT_RATES, RateLimiter } from './rate-limit.ts';

const rates = { ...DEFAULT_RATES, login: { perSecond: 0.5, burst: 3 }, join: { perSecond: 1, burst: 1 } };

/** How long to wait, 0 where a token was taken. */
function take(limiter: RateLimiter, key = 'a', limit: 'login' | 'join' = 'login'): number {
  try {
    limiter.take(limit, key);
  } catch (error) {
    assert.ok(error instanceof MatrixError && error.code === 'M_LIMIT_EXCEEDED' && error.status === 429);
    return Number(error.toJSON()['retry_after_ms']);
  }
  return 0;
}

describe('rate limits', () => {
  it('let a burst through, then one at a time', () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(clock, rates);
    assert.deepEqual([take(limiter), take(limiter), take(limiter), take(limiter)], [0, 0, 0, 2000]);
    clock.advance(1500);
    assert.equal(take(limiter), 500);
    clock.advance(500);
    assert.deepEqual([take(limiter), take(limiter)], [0, 2000]);
  });

  it('count each key and each class for itself', () => {
    const limiter = new RateLimiter(new FakeClock(), rates);
    for (let index = 0; index < 3; index += 1) take(limiter, 'a');
    assert.deepEqual([take(limiter, 'a'), take(limiter, 'b'), take(limiter, 'a', 'join')], [2000, 0, 0]);
  });

  it('never hold more than the burst, however long nobody asks', () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(clock, rates);
    take(limiter);
    clock.advance(86_400_000);
    assert.deepEqual([take(limiter), take(limiter), take(limiter), take(limiter)], [0, 0, 0, 2000]);
  });

  it('do not follow the wall clock, which may jump', () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(clock, rates);
    for (let index = 0; index < 3; index += 1) take(limiter);
    clock.jumpTo(clock.now() + 86_400_000);
    assert.equal(take(limiter), 2000);
  });

  it('are off where none are given', () => {
    const limiter = new RateLimiter(new FakeClock(), undefined);
    for (let index = 0; index < 1000; index += 1) assert.equal(take(limiter), 0);
  });

  it('tell a wait that is enough and not more than needed, and never let more through than they say', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 40 });
    fc.assert(
      fc.property(pauses, (all) => {
        const clock = new FakeClock();
        const limiter = new RateLimiter(clock, rates);
        let passed = 0;
        for (const pause of all) {
          clock.advance(pause);
          const waitMs = take(limiter);
          if (waitMs === 0) passed += 1;
          else {
            // A millisecond either way is rounding.
            const almostMs = Math.max(0, waitMs - 2);
            clock.advance(almostMs);
            assert.notEqual(take(limiter), 0);
            clock.advance(waitMs - almostMs);
            assert.equal(take(limiter), 0);
            passed += 1;
          }
        }
        assert.ok(passed <= 3 + (clock.monotonic() / 1000) * 0.5 + 1e-6);
      }),
      { numRuns: 100 },
    );
  });
});
