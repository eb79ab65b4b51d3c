/** Lives one after another, and what became of them. */
import { STEPS, Life, LifeError, type LifeOptions } from '../life/life.ts';
import { Workshop } from '../world/world.ts';
import type { SimOptions } from './options.ts';

/** A life that ended badly. */
export interface Failure {
  readonly seed: number;
  readonly message: string;
  /** The fewest steps that were seen to fail. */
  readonly steps: number;
  readonly trace: readonly string[];
}

function lifeOptions(options: SimOptions, seed: number): LifeOptions {
  const { servers, users, steps, version, faults, isVerbose } = options;
  return {
    seed,
    isVerbose,
    ...(servers !== undefined && { servers }),
    ...(users !== undefined && { usersPerServer: users }),
    ...(steps !== undefined && { steps }),
    ...(version !== undefined && { version }),
    ...(faults !== undefined && { faults }),
  };
}

async function failureOf(workshop: Workshop, options: LifeOptions): Promise<Failure | undefined> {
  const { seed, steps = STEPS } = options;
  try {
    await Life.live(workshop, options);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { seed, message, steps, trace: error instanceof LifeError ? error.trace : [] };
  }
}

/** The same life with as few steps as halving finds: up to there it goes as the long one went. */
async function shortened(workshop: Workshop, options: LifeOptions, failure: Failure): Promise<Failure> {
  let [fine, best] = [0, failure];
  while (best.steps - fine > 1) {
    const steps = Math.floor((fine + best.steps) / 2);
    const shorter = await failureOf(workshop, { ...options, steps });
    if (shorter === undefined) fine = steps;
    else best = shorter;
  }
  return best;
}

export interface Share {
  readonly options: SimOptions;
  /** Of the seeds every so many belong to it, from this one on. */
  readonly index: number;
}

/** Lives one process's share of the seeds; `told` hears of each. False where time ran out. */
export async function liveShare(
  { options, index }: Share,
  told: (failure: Failure | undefined) => void,
): Promise<boolean> {
  const workshop = await Workshop.open();
  const end = performance.now() + options.minutes * 60_000;
  for (let seed = options.seed + index; seed < options.seed + options.seeds; seed += options.processes) {
    if (performance.now() > end) return false;
    const life = lifeOptions(options, seed);
    const failure = await failureOf(workshop, life);
    told(failure === undefined ? undefined : await shortened(workshop, life, failure));
  }
  return true;
}
