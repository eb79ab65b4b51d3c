/** Passing bytes on between two ends, at the pace of the slower one and within a rate. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../ports/clock.ts';
import type { Rate } from './rate.ts';

export interface PumpParts {
  readonly clock: Clock;
  readonly rate: Rate;
}

/** Passes everything on both ways; an end that closes or fails ends the other one. */
export function pump(left: Duplex, right: Duplex, parts: PumpParts): void {
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    left.destroy();
    right.destroy();
  };
  let open = 2;
  const ended = (): void => {
    open -= 1;
    if (open === 0) over();
  };
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    from.on('error', over);
    from.on('close', over);
    from.on('end', () => to.end(ended));
    pass(from, to, parts);
    // It may have been paused until somebody knew what to do with it.
    from.resume();
  }
}

function pass(from: Duplex, to: Duplex, { clock, rate }: PumpParts): void {
  let isFull = false;
  let isSlowed = false;
  const resume = (): void => {
    if (!isFull && !isSlowed) from.resume();
  };
  to.on('drain', () => {
    isFull = false;
    resume();
  });
  from.on('data', (chunk: Buffer) => {
    isFull = !to.write(chunk);
    const waitMs = rate.take(chunk.length);
    if (waitMs > 0 && !isSlowed) {
      isSlowed = true;
      clock.schedule(waitMs, () => {
        isSlowed = false;
        resume();
      });
    }
    if (isFull || isSlowed) from.pause();
  });
}
