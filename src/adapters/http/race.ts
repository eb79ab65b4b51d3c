/** Several ways to one end: the first that succeeds wins, the others are given up. */
import type { Clock, Timer } from '../../ports/clock.ts';

export interface RaceOptions<Candidate, Prize> {
  readonly clock: Clock;
  /** Time after which the next one is tried beside those that have not answered yet (RFC 8305: 250 ms). */
  readonly headStartMs: number;
  readonly attempt: (candidate: Candidate, signal: AbortSignal) => Promise<Prize>;
  /** Puts away what came in second. */
  readonly discard: (prize: Prize) => void;
  readonly signal: AbortSignal;
}

interface Entrant<Prize> {
  readonly controller: AbortController;
  readonly result: Promise<Prize>;
}

/** Resolves with the first success; rejects with the last failure once all have failed. There is at least one. */
export function race<Candidate, Prize>(
  candidates: readonly Candidate[],
  options: RaceOptions<Candidate, Prize>,
): Promise<Prize> {
  const { clock, headStartMs, attempt, discard, signal } = options;
  return new Promise((resolve, reject) => {
    const waiting = [...candidates];
    const entrants = new Set<Entrant<Prize>>();
    let timer: Timer | undefined;
    let isOver = false;
    const finish = (): void => {
      isOver = true;
      timer?.cancel();
      signal.removeEventListener('abort', giveUp);
      for (const { controller } of entrants) controller.abort();
    };
    const giveUp = (): void => {
      finish();
      reject(signal.reason instanceof Error ? signal.reason : new Error('given up'));
    };
    const startNext = (): void => {
      timer?.cancel();
      const [candidate] = waiting.splice(0, 1);
      if (candidate === undefined) return;
      const controller = new AbortController();
      const entrant = { controller, result: attempt(candidate, controller.signal) };
      entrants.add(entrant);
      void watch(entrant);
      timer = clock.schedule(headStartMs, startNext);
    };
    const watch = async (entrant: Entrant<Prize>): Promise<void> => {
      try {
        const prize = await entrant.result;
        entrants.delete(entrant);
        if (isOver) return discard(prize);
        finish();
        resolve(prize);
      } catch (error) {
        entrants.delete(entrant);
        if (isOver) return;
        if (waiting.length > 0) startNext();
        else if (entrants.size === 0) {
          finish();
          reject(error instanceof Error ? error : new Error('failed', { cause: error }));
        }
      }
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    startNext();
  });
}
