/** How many questions come from one network: whoever writes a false address into packets gets little sent to it. */
import type { Clock } from '../../ports/clock.ts';
import { networkOf } from '../networks.ts';

/** A household with all its devices behind one resolver stays far below. */
const PER_SECOND = 100;
const BURST = 400;
/** Networks remembered; the one that was not heard for longest is forgotten first. */
const SOURCES_MAX = 10_000;

/** What is counted as one: an IPv4 address's /24, an IPv6 address's /56. */
const NETWORK = { four: 24, six: 56 } as const;

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export class SourceRate {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Networks that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Whether one more question of this address is answered. */
  take(address: string): boolean {
    const key = sourceOf(address);
    const now = this.#clock.monotonic();
    const { tokens, atMs } = this.#buckets.get(key) ?? { tokens: BURST, atMs: now };
    const refilled = Math.min(BURST, tokens + ((now - atMs) / 1000) * PER_SECOND);
    const isAllowed = refilled >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: isAllowed ? refilled - 1 : refilled, atMs: now });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= SOURCES_MAX) break;
      this.#buckets.delete(oldest);
    }
    return isAllowed;
  }
}

/** Whom an address belongs to, as far as bounds are concerned. */
export function sourceOf(address: string): string {
  return networkOf(address, NETWORK);
}
