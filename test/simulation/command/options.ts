/** What `npm run sim` is asked for. */
import { parseArgs } from 'node:util';
import { FAULTS, type Fault } from '../world/faults.ts';

export interface SimOptions {
  readonly seed: number;
  readonly seeds: number;
  /** Of each life; chosen by the seed unless told. */
  readonly servers: number | undefined;
  readonly users: number | undefined;
  readonly steps: number | undefined;
  readonly version: string | undefined;
  readonly faults: readonly Fault[] | undefined;
  readonly processes: number;
  /** Whether every request and commit is noted. */
  readonly isVerbose: boolean;
  /** No life begins later than this. */
  readonly minutes: number;
}

/** What CI lives: always the same seeds, somewhat shorter than else; three minutes on two free cores, seven at most. */
const CI = { seeds: 2000, steps: 40, processes: 2, minutes: 7 };

export const USAGE = `npm run sim -- [--seed N] [--seeds K] [--servers n] [--users n] [--steps n] [--version v]
               [--faults ${FAULTS.join(',')} | none] [--processes n] [--minutes n] [--trace] | --ci`;

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} is no number: ${text}`);
  return value;
}

function faultsOf(text: string | undefined): Fault[] | undefined {
  if (text === undefined) return undefined;
  const names = text === 'none' ? [] : text.split(',');
  return names.map((name) => {
    const known = FAULTS.find((one) => one === name);
    if (known === undefined) throw new Error(`no fault is called ${name}`);
    return known;
  });
}

/** Reads the arguments; throws an Error where they say nothing. */
export function parseOptions(args: readonly string[]): SimOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const names = ['seed', 'seeds', 'servers', 'users', 'steps', 'version', 'faults', 'processes', 'minutes'] as const;
  const options = Object.fromEntries(names.map((name) => [name, text])) as Record<(typeof names)[number], typeof text>;
  const { values } = parseArgs({ args: [...args], options: { ...options, ci: flag, trace: flag } });
  const given = (name: Exclude<(typeof names)[number], 'faults' | 'version'>): number | undefined =>
    numberOf(name, values[name]);
  const defaults = values.ci ? CI : { seeds: 1, steps: undefined, processes: 1, minutes: Number.MAX_SAFE_INTEGER };
  return {
    seed: given('seed') ?? 1,
    seeds: given('seeds') ?? defaults.seeds,
    servers: given('servers'),
    users: given('users'),
    steps: given('steps') ?? defaults.steps,
    version: values.version,
    faults: faultsOf(values.faults),
    processes: Math.max(1, given('processes') ?? defaults.processes),
    isVerbose: values.trace,
    minutes: given('minutes') ?? defaults.minutes,
  };
}

/** The arguments that live one life of these again. */
export function argumentsOf(options: SimOptions, seed: number, steps = options.steps): string {
  const { servers, users, version, faults } = options;
  const parts = Object.entries({ seed, servers, users, steps, version }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${value}`],
  );
  if (faults !== undefined) parts.push(`--faults ${faults.length === 0 ? 'none' : faults.join(',')}`);
  return parts.join(' ');
}
