import type { Clock, Timer } from '../../ports/clock.ts';

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, task) {
    if (delayMs <= 0) return soon(task);
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};

/** Once everybody else has had a turn. A timer without a delay would rest for a millisecond. */
function soon(task: () => void): Timer {
  const immediate = setImmediate(task);
  return {
    cancel: () => {
      clearImmediate(immediate);
    },
  };
}
