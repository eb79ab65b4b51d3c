/** `npm run sim`: lives of rooms on servers to which things happen; a seed tells all of one. Prints what failed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type Failure, liveShare } from './command/lives.ts';
import { argumentsOf, parseOptions, type SimOptions, USAGE } from './command/options.ts';

const PROGRESS = 200;
/** Failures that are told whole. */
const TOLD = 3;

class Run {
  readonly #options: SimOptions;
  readonly #startMs = performance.now();
  #count = 0;
  readonly failures: Failure[] = [];

  constructor(options: SimOptions) {
    this.#options = options;
  }

  get isComplete(): boolean {
    return this.#count === this.#options.seeds;
  }

  note(failure: Failure | undefined): void {
    this.#count += 1;
    if (failure !== undefined) this.#fail(failure);
    if (this.#count % PROGRESS === 0) console.log(this.summary);
  }

  get summary(): string {
    const seconds = Math.round((performance.now() - this.#startMs) / 1000);
    return `${this.#count} of ${this.#options.seeds} lives in ${seconds} s, ${this.failures.length} failed`;
  }

  #fail(failure: Failure): void {
    this.failures.push(failure);
    if (this.failures.length <= TOLD) for (const line of failure.trace) console.log(line);
    console.log(failure.message);
    console.log(`again: npm run sim -- ${argumentsOf(this.#options, failure.seed, failure.steps)}`);
  }
}

/** Lives the lives in several processes. False where one broke off. */
async function share(options: SimOptions, args: readonly string[], run: Run): Promise<boolean> {
  const workers = Array.from({ length: options.processes }, (_, index) =>
    fork(new URL('command/worker.ts', import.meta.url), [String(index), ...args]),
  );
  for (const worker of workers) {
    worker.on('message', (message: { readonly isDone?: boolean; readonly failure?: Failure }) => {
      if (message.isDone === undefined) run.note(message.failure);
    });
  }
  const codes = await Promise.all(workers.map((worker) => once(worker, 'exit') as Promise<[number | null]>));
  return codes.every(([code]) => code === 0);
}

async function main(args: readonly string[]): Promise<boolean> {
  const options = parseOptions(args);
  const run = new Run(options);
  const isOrderly =
    options.processes > 1
      ? await share(options, args, run)
      : await liveShare({ options, index: 0 }, (failure) => run.note(failure)).then(() => true);
  console.log(run.summary);
  if (!isOrderly) console.log('a process broke off');
  else if (!run.isComplete) console.log('the time is over');
  return isOrderly && run.failures.length === 0;
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exitCode = 2;
}
