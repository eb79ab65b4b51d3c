/** What a scenario is given, and what it tells. */
import { Http } from './http.ts';
import type { Fleet, FleetGroup } from './remotes/fleet.ts';
import { type CpuTimes, readCpu, readDisk, readRss } from './probe.ts';
import { round, seededRandom, summarise } from './stats.ts';
import { type Account, makeAccounts, type Target } from './target.ts';

/** One line of the results. */
export interface Measurement {
  readonly scenario: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly values: Readonly<Record<string, number>>;
  /** "A run is void unless every acknowledged event can be read back …". */
  readonly verdict: 'valid' | 'void' | 'absent';
  readonly why?: string;
}

export interface BenchOptions {
  readonly short: boolean;
  readonly seed: number;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** The servers that the bench plays: they are there before the server that is measured. */
  remotes?(options: BenchOptions): readonly FleetGroup[];
  run(bench: Bench): Promise<void>;
}

export class Bench {
  readonly target: Target;
  readonly options: BenchOptions;
  readonly random: () => number;
  readonly #emit: (measurement: Measurement) => void;
  readonly #open: Http[] = [];
  readonly #fleet: Fleet | undefined;
  #names = 0;

  constructor(
    { target, fleet }: { readonly target: Target; readonly fleet: Fleet | undefined },
    options: BenchOptions,
    emit: (measurement: Measurement) => void,
  ) {
    this.target = target;
    this.#fleet = fleet;
    this.options = options;
    this.random = seededRandom(options.seed);
    this.#emit = emit;
  }

  /** The servers that the bench plays for this scenario. */
  get fleet(): Fleet {
    if (this.#fleet === undefined) throw new Error('the scenario names no remotes');
    return this.#fleet;
  }

  /** A client with at most so many connections. */
  http(connections: number): Http {
    const http = new Http(this.target.clientUrl, connections);
    this.#open.push(http);
    return http;
  }

  /** Fresh accounts with names that no other scenario uses. */
  async accounts(http: Http, count: number): Promise<Account[]> {
    this.#names += 1;
    return await makeAccounts(this.target, http, count, `b${this.options.seed}x${this.#names}x`);
  }

  /** The full size of something, or the size of a short run. */
  size(full: number, short: number): number {
    return this.options.short ? short : full;
  }

  emit(measurement: Measurement): void {
    this.#emit(measurement);
  }

  cpu(): CpuTimes | undefined {
    return this.target.probe === undefined ? undefined : readCpu(this.target.probe.pid);
  }

  /** CPU since `before`, per operation, as values of a measurement. */
  cpuSince(before: CpuTimes | undefined, operations: number): Record<string, number> {
    const after = this.cpu();
    if (before === undefined || after === undefined || operations === 0) return {};
    return {
      cpuMainUs: round((after.mainUs - before.mainUs) / operations),
      cpuOtherUs: round((after.otherUs - before.otherUs) / operations),
    };
  }

  /** Resident memory and disk now. */
  footprint(): Record<string, number> {
    const { probe } = this.target;
    if (probe === undefined) return {};
    const rss = readRss(probe.pid);
    return { ...(rss !== undefined && { rssBytes: rss }), diskBytes: readDisk(probe.dataPath) };
  }

  close(): void {
    for (const http of this.#open) http.close();
  }
}

/** Latencies as values of a measurement, in milliseconds. */
export function latency(valuesMs: readonly number[], prefix = ''): Record<string, number> {
  const { p50, p90, p99, max } = summarise(valuesMs);
  const name = (one: string): string =>
    prefix === '' ? one : `${prefix}${one[0]?.toUpperCase() ?? ''}${one.slice(1)}`;
  return { [name('p50Ms')]: p50, [name('p90Ms')]: p90, [name('p99Ms')]: p99, [name('maxMs')]: max };
}

/** Milliseconds that `task` takes. */
export async function timed<T>(task: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const start = performance.now();
  const value = await task();
  return { ms: performance.now() - start, value };
}

/** Runs `count` tasks with so many at once; closed loop: each worker begins its next when the last has ended. */
export async function closedLoop(
  count: number,
  workers: number,
  task: (index: number, worker: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (number: number): Promise<void> => {
    for (let index = next; index < count; index = next) {
      next += 1;
      await task(index, number);
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, number) => worker(number)));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
