/** How much each user may let the server fetch from others: a bucket that leaks (adv-120). */
import { MatrixError } from '../../matrix/errors.ts';
import type { UserId } from '../../matrix/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import { boundedMap } from '../bounded-map.ts';

/** A person who scrolls through a year of pictures stays below. */
const BURST_BYTES = 512 * 1024 * 1024;
const BYTES_PER_SECOND = 256 * 1024;
const USERS_MAX = 10_000;

interface Bucket {
  readonly bytes: number;
  readonly at: number;
}

export class Allowance {
  readonly #clock: Clock;
  readonly #buckets = boundedMap<UserId, Bucket>(USERS_MAX);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts bytes. Throws `M_LIMIT_EXCEEDED` while the user has had too many. */
  take(user: UserId, sizeBytes: number): void {
    const now = this.#clock.monotonic();
    const { bytes, at } = this.#buckets.get(user) ?? { bytes: 0, at: now };
    const left = Math.max(0, bytes - ((now - at) / 1_000) * BYTES_PER_SECOND);
    if (left >= BURST_BYTES) {
      const retryAfterMs = Math.ceil(((left - BURST_BYTES) / BYTES_PER_SECOND) * 1_000) + 1_000;
      throw new MatrixError('M_LIMIT_EXCEEDED', 'Too much media of other servers at once', {
        extra: { retry_after_ms: retryAfterMs },
      });
    }
    this.#buckets.set(user, { bytes: left + sizeBytes, at: now });
  }
}
