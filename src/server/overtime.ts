/** Places for work that is short as a rule: whoever takes long gives the place to the next, and goes on beside it. */
import { Slots } from '../lib/slots.ts';
import type { Clock } from '../ports/clock.ts';

export interface OvertimeLimits {
  /** As long as a place is kept. */
  readonly holdMs: number;
  /** So many may go on beside the places; more of them keep theirs. */
  readonly max: number;
}

export class Overtime {
  readonly #clock: Clock;
  readonly #limits: OvertimeLimits;
  #count = 0;

  constructor(clock: Clock, limits: OvertimeLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A place has been taken. `release` gives it back: when what is returned is called, or earlier. */
  begin(release: () => void): () => void {
    let isBeside = false;
    const timer = this.#clock.schedule(this.#limits.holdMs, () => {
      if (this.#count >= this.#limits.max) return;
      isBeside = true;
      this.#count += 1;
      release();
    });
    return () => {
      timer.cancel();
      if (isBeside) this.#count -= 1;
      else release();
    };
  }
}

export interface PlacesLimits {
  readonly places: number;
  /** What takes longer goes on beside the places. */
  readonly overtime: OvertimeLimits;
}

/** So many pieces of work at a time, of whoever came first. */
export class Places {
  readonly #slots: Slots;
  readonly #overtime: Overtime;

  constructor(clock: Clock, { places, overtime }: PlacesLimits) {
    this.#slots = new Slots(places);
    this.#overtime = new Overtime(clock, overtime);
  }

  /** Does something as soon as there is a place for it. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    await this.#slots.enter();
    const leave = this.#overtime.begin(() => this.#slots.leave());
    try {
      return await act();
    } finally {
      leave();
    }
  }
}
