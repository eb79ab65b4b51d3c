/** Token buckets, one per class and key; a bucket that has refilled is forgotten. */
import { LRUCache } from 'lru-cache';
import { MatrixError } from '../../matrix/errors.ts';
import type { Clock } from '../../ports/clock.ts';

export type RateLimitClass = 'login' | 'register' | 'message' | 'join' | 'invite' | 'write' | 'media' | 'keys' | 'read';

interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Values that a person and their devices never reach in ordinary use. Login and registration count by the
 * peer's address, everything else by account.
 */
export const DEFAULT_RATES: Readonly<Record<RateLimitClass, Rate>> = {
  login: { perSecond: 0.2, burst: 20 },
  register: { perSecond: 0.2, burst: 20 },
  message: { perSecond: 10, burst: 100 },
  join: { perSecond: 1, burst: 40 },
  invite: { perSecond: 1, burst: 100 },
  write: { perSecond: 20, burst: 200 },
  media: { perSecond: 5, burst: 100 },
  keys: { perSecond: 20, burst: 200 },
  read: { perSecond: 50, burst: 1_000 },
};

/** Buckets kept at once: more keys than any honest deployment sees in the time a bucket takes to refill. */
const BUCKETS_MAX = 100_000;

/** Fractions of tokens do not add up exactly: whoever waits as long as they were told must not be refused again. */
const ROUNDING = 1e-6;

interface Bucket {
  tokens: number;
  at: number;
}

export class RateLimiter {
  readonly #clock: Clock;
  readonly #rates: Readonly<Record<RateLimitClass, Rate>> | undefined;
  readonly #buckets = new LRUCache<string, Bucket>({ maxSize: BUCKETS_MAX, sizeCalculation: () => 1 });

  /** `rates` undefined switches limiting off. */
  constructor(clock: Clock, rates: Readonly<Record<RateLimitClass, Rate>> | undefined) {
    this.#clock = clock;
    this.#rates = rates;
  }

  /** Takes one token, or throws `M_LIMIT_EXCEEDED` with the time until there is one. */
  take(limit: RateLimitClass, key: string): void {
    if (this.#rates === undefined) return;
    const rate = this.#rates[limit];
    const now = this.#clock.monotonic();
    const id = `${limit} ${key}`;
    const bucket = this.#buckets.get(id) ?? { tokens: rate.burst, at: now };
    bucket.tokens = Math.min(rate.burst, bucket.tokens + ((now - bucket.at) / 1000) * rate.perSecond);
    bucket.at = now;
    this.#buckets.set(id, bucket);
    if (bucket.tokens < 1 - ROUNDING) {
      const retryAfterMs = Math.ceil(((1 - bucket.tokens) / rate.perSecond) * 1000);
      throw new MatrixError('M_LIMIT_EXCEEDED', 'Too many requests', { extra: { retry_after_ms: retryAfterMs } });
    }
    bucket.tokens -= 1;
  }
}
