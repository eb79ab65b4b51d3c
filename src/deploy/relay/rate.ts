/** A bound on bytes a second, over everything that shares it. */
import type { Clock } from '../../ports/clock.ts';

export class Rate {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  /** When everything that was let through would have gone through at the bound. */
  #busyUntilMs = 0;

  /** `bytesPerSecond` 0 bounds nothing. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Counts bytes that have come; how long to wait before more are taken, in milliseconds. */
  take(bytes: number): number {
    if (this.#bytesPerSecond === 0) return 0;
    const nowMs = this.#clock.monotonic();
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + (bytes / this.#bytesPerSecond) * 1000;
    return this.#busyUntilMs - nowMs;
  }
}
