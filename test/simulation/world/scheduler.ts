/** Virtual time: everything in a simulated world happens at a moment of it, one thing after another. */
import { Heap } from '../../../src/lib/heap.ts';
import type { Timer } from '../../../src/ports/clock.ts';

interface Planned {
  readonly atMs: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/** Lets everything happen that waits for no time: promises and what streams do after them. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export class Scheduler {
  readonly #planned = new Heap<Planned>((left, right) => left.atMs - right.atMs || left.order - right.order);
  #nowMs = 0;
  #order = 0;
  /** Tasks that ran. */
  steps = 0;

  /** Since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, task: () => void): Timer {
    this.#order += 1;
    const planned: Planned = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, task };
    this.#planned.push(planned);
    return {
      cancel: () => {
        planned.task = undefined;
      },
    };
  }

  /** Runs all that falls due until `isDone`, at most for so long; false where time ran out. */
  async runUntil(isDone: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs;
    await turn();
    while (!isDone()) {
      const next = this.#planned.first;
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs;
        return false;
      }
      this.#planned.pop();
      if (next.task === undefined) continue;
      this.#nowMs = next.atMs;
      this.steps += 1;
      next.task();
      await turn();
    }
    return true;
  }

  /** Runs all that falls due within this time. */
  async run(durationMs: number): Promise<void> {
    await this.runUntil(() => false, durationMs);
  }
}
