import type { Clock, Timer } from '../../ports/clock.ts';

interface Planned {
  readonly dueMs: number;
  readonly order: number;
  readonly task: () => void;
}

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #order = 0;
  #planned: Planned[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  schedule(delayMs: number, task: () => void): Timer {
    this.#order += 1;
    const planned: Planned = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order, task };
    this.#planned.push(planned);
    return {
      cancel: () => {
        this.#planned = this.#planned.filter((other) => other !== planned);
      },
    };
  }

  /** Tasks that wait. */
  get pending(): number {
    return this.#planned.length;
  }

  /** Moves time on, running each task that falls due at its own moment, also those planned on the way. */
  advance(byMs: number): void {
    const endMs = this.#monotonicMs + byMs;
    for (let next = this.#nextUpTo(endMs); next !== undefined; next = this.#nextUpTo(endMs)) {
      const due = next;
      this.#moveTo(due.dueMs);
      this.#planned = this.#planned.filter((other) => other !== due);
      due.task();
    }
    this.#moveTo(endMs);
  }

  /** Sets the wall clock alone, as an administrator or NTP does. */
  jumpTo(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  #nextUpTo(endMs: number): Planned | undefined {
    let next: Planned | undefined;
    for (const planned of this.#planned) {
      if (planned.dueMs > endMs) continue;
      const earlier =
        next === undefined ||
        planned.dueMs < next.dueMs ||
        (planned.dueMs === next.dueMs && planned.order < next.order);
      if (earlier) next = planned;
    }
    return next;
  }
}
