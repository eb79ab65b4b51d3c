/** A broken invariant: a bug of ours, never something a user or a peer can cause. */
class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/**
 * Throws an {@link AssertionError} unless `condition` holds. On in production: the request or the
 * room queue dies, the process stays.
 */
export function assert(condition: unknown, mustHold: string): asserts condition {
  if (!condition) throw new AssertionError(`must hold: ${mustHold}`);
}

/** Returns `value`, or throws an {@link AssertionError} when it is absent. */
export function present<T>(value: T | undefined | null, mustHold: string): T {
  if (value === undefined || value === null) throw new AssertionError(`must hold: ${mustHold}`);
  return value;
}
