/** Turns of rooms that are completed: so many at a time, and one whose server is slow gives its place to the next. */
import { Slots } from '../../lib/slots.ts';
import type { Clock } from '../../ports/clock.ts';
import { Overtime, type OvertimeLimits } from '../overtime.ts';

export interface CompletionLimits {
  readonly places: number;
  /** What takes longer goes on beside the places. */
  readonly overtime: OvertimeLimits;
}

/** Each may keep text of events that wait in memory (`intake.ts`). */
export const COMPLETION_LIMITS: CompletionLimits = { places: 8, overtime: { holdMs: 10_000, max: 16 } };

export class CompletionTurns {
  readonly #slots: Slots;
  readonly #overtime: Overtime;

  constructor(clock: Clock, { places, overtime }: CompletionLimits) {
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
