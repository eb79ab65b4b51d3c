/** One request over several routes: the next begins as soon as one fails or is slow, and the first answer counts. */
import type { Route } from '../../matrix/routes/route.ts';
import type { ClientEnvironment } from '../environment.ts';

export interface Attempt {
  readonly route: Route;
  /** Nobody wants its answer any more. */
  giveUp(): void;
  /** The whole answer. */
  readonly answer: Promise<Response>;
}

export interface RaceOptions {
  readonly routes: readonly Route[];
  readonly environment: ClientEnvironment;
  /** Sends the request over a route; `onHead` is called when its answer begins. */
  begin(route: Route, onHead: () => void): Attempt;
  hedgeAfterMs(route: Route): number;
  /** Whether the caller has given the request up. */
  isGivenUp(): boolean;
}

export interface RaceResult {
  readonly response: Response;
  readonly winner: Route;
  /** Those that had not answered when it did. */
  readonly silent: readonly Route[];
}

class Race {
  readonly #options: RaceOptions;
  /** Routes that are still to be asked. One that had to stop for another whose answer then starved is asked again. */
  readonly #queue: Route[];
  readonly #running = new Set<Attempt>();
  readonly #silent = new Set<Route>();
  #begun = 0;
  #timer = new AbortController();
  #settle: { resolve: (result: RaceResult) => void; reject: (error: unknown) => void } | undefined;

  constructor(options: RaceOptions) {
    this.#options = options;
    this.#queue = [...options.routes];
  }

  run(): Promise<RaceResult> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#next();
    });
  }

  #next(): void {
    this.#timer.abort();
    const { routes, environment, begin, hedgeAfterMs } = this.#options;
    const route = this.#begun < 2 * routes.length ? this.#queue.shift() : undefined;
    if (route === undefined || this.#settle === undefined) return;
    this.#begun += 1;
    const attempt: Attempt = begin(route, () => this.#onHead(route));
    this.#running.add(attempt);
    attempt.answer.then(
      (response) => this.#end(attempt, response),
      (error: unknown) => this.#onFailure(attempt, error),
    );
    const timer = new AbortController();
    this.#timer = timer;
    void environment.sleep(hedgeAfterMs(route), timer.signal).then(() => {
      if (!timer.signal.aborted) this.#next();
    });
  }

  /** An answer has begun: a line that is slow is not made slower by a second copy of the same bytes. */
  #onHead(route: Route): void {
    this.#timer.abort();
    for (const other of this.#running) {
      if (other.route === route) continue;
      this.#running.delete(other);
      this.#silent.add(other.route);
      this.#queue.push(other.route);
      other.giveUp();
    }
  }

  #end(attempt: Attempt, response: Response): void {
    if (!this.#running.has(attempt)) return;
    this.#timer.abort();
    this.#settle?.resolve({ response, winner: attempt.route, silent: [...this.#silent] });
    this.#settle = undefined;
  }

  #onFailure(attempt: Attempt, error: unknown): void {
    if (!this.#running.delete(attempt)) return;
    if (!this.#options.isGivenUp()) this.#next();
    if (this.#running.size > 0) return;
    this.#timer.abort();
    this.#settle?.reject(error);
    this.#settle = undefined;
  }
}

/** Runs the race; rejects with the last failure when no route answers. */
export function race(options: RaceOptions): Promise<RaceResult> {
  return new Race(options).run();
}
