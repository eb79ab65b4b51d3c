/** One run of a simulated server: when it ends, nothing that it had in memory goes on. */
import type { Clock, Timer } from '../../../src/ports/clock.ts';
import type { Scheduler } from './scheduler.ts';

/** When worlds begin. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

export class Power {
  readonly scheduler: Scheduler;
  readonly #bootMs: number;
  readonly #ends: (() => void)[] = [];
  isOn = true;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
    this.#bootMs = scheduler.nowMs;
  }

  /** Ends the run without warning. */
  cut(): void {
    this.isOn = false;
    for (const end of this.#ends) end();
  }

  /** Calls `task` when the run ends. */
  onCut(task: () => void): void {
    this.#ends.push(task);
  }

  /** Plans a task of this run: it does not happen after the run's end. */
  schedule(delayMs: number, task: () => void): Timer {
    if (!this.isOn) return { cancel: () => undefined };
    return this.scheduler.schedule(delayMs, () => {
      if (this.isOn) task();
    });
  }

  /** The clock as this run sees it; `skewMs` is how wrong it goes now. */
  clock(skewMs: () => number): Clock {
    return {
      now: () => Math.floor(EPOCH_MS + this.scheduler.nowMs + skewMs()),
      monotonic: () => this.scheduler.nowMs - this.#bootMs,
      schedule: (delayMs, task) => this.schedule(delayMs, task),
    };
  }
}
