/** How long a server that does not answer is left alone. */

export interface RetryLimits {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** A pause is up to a tenth shorter or longer than its nominal length, so that servers do not wake in step. */
const JITTER = 0.1;

/** The nominal length of the pause that follows one of `previousMs` (0 for none): doubled, within the limits. */
export function nextPause(previousMs: number, limits: RetryLimits): number {
  if (previousMs <= 0) return limits.initialMs;
  return Math.min(Math.max(previousMs * 2, limits.initialMs), limits.maxMs);
}

/** The pause with its jitter; `share` is random in [0, 1). */
export function withJitter(pauseMs: number, share: number): number {
  return Math.round(pauseMs * (1 + JITTER * (2 * share - 1)));
}

/** How many failures in a row a pause of this nominal length stands for; the longest stands for at least as many. */
export function failuresBefore(pauseMs: number, limits: RetryLimits): number {
  if (pauseMs <= 0) return 0;
  return Math.round(Math.log2(Math.max(1, pauseMs / limits.initialMs))) + 1;
}
