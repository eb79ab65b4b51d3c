/** Time, injected so that simulation and tests own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC; may jump. */
  now(): number;
  /** Milliseconds that only ever grow; the origin has no meaning. */
  monotonic(): number;
  /** Calls `task` once after `delayMs`. A timer does not keep the process alive. */
  schedule(delayMs: number, task: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}
