/** How many questions come from one network: whoever writes a false address into packets gets little sent to it. */
import { isIP } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import { ipv6Groups, parseIpv6 } from './names.ts';

/** A household with all its devices behind one resolver stays far below. */
const PER_SECOND = 100;
const BURST = 400;
/** Networks remembered; the one that was not heard for longest is forgotten first. */
const SOURCES_MAX = 10_000;

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
    const key = networkOf(address);
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

/** An IPv4 address's /24, an IPv6 address's /56. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  const four = mapped ?? address;
  if (isIP(four) === 4) return four.slice(0, four.lastIndexOf('.'));
  const six = parseIpv6(address.split('%')[0] ?? '');
  if (six === undefined) return address;
  const [a, b, c, d = 0] = ipv6Groups(six);
  return [a, b, c, d >> 8].join(':');
}
