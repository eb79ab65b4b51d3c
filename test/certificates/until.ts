/** Waits for what happens outside this process, or on timers of the server. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';

/** Asks until `look` is true; fails after `timeoutMs`. */
export async function untilTrue(look: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const endAt = performance.now() + timeoutMs;
  while (!(await look())) {
    assert.ok(performance.now() < endAt, 'it did not happen in time');
    await wait(50);
  }
}
