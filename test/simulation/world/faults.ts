/** What may go wrong in a world. */
import type { Fate } from './disk.ts';
import type { Seeded } from './seeded.ts';

export const FAULTS = [
  'loss',
  'delay',
  'duplicate',
  'partition',
  'crash',
  'stop',
  'disk',
  'clock',
  'reads',
  'forgery',
] as const;

export type Fault = (typeof FAULTS)[number];

/** Which of them happen in a life: about half, and at times none. */
export function chooseFaults(random: Seeded, allowed: readonly Fault[] = FAULTS): Set<Fault> {
  const chosen = allowed.filter(() => random.chance(0.5));
  return random.chance(0.05) ? new Set() : new Set(chosen);
}

/** How likely something is, each time that it could happen. */
export const RATES = {
  /** Of a request, and of an answer. */
  loss: 0.05,
  /** Of a transaction. */
  duplicate: 0.05,
  /** At each step. */
  partition: 0.08,
  heal: 0.15,
  stop: 0.01,
  clock: 0.04,
  disk: 0.03,
  forgery: 0.3,
  /** Of an answer of the server that forges. */
  mangling: 0.1,
  /** At each commit. */
  crash: 0.004,
  /** Of a commit while the disk is ill. */
  diskFailure: 0.5,
} as const;

/** What becomes of a batch on a disk of which it is known how it is. */
export function fateOf(random: Seeded, { isIll, crashes }: { isIll: boolean; crashes: boolean }): Fate {
  if (crashes && random.chance(RATES.crash)) return random.chance(0.5) ? 'crash before' : 'crash after';
  if (isIll && random.chance(RATES.diskFailure)) return random.chance(0.5) ? 'full' : 'failed';
  return 'written';
}
