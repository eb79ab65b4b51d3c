/**
 * The dialler: sends each request over the route that is best, over the next one as well where that is slow, and over
 * another where it fails (DEPLOYMENT §10). A request that may be repeated is repeated as it is, transaction id and all,
 * so that a switch can neither lose nor double a message.
 */
import { routeName, type Route } from '../../matrix/routes/route.ts';
import { getVersions } from '../../matrix/api/client-server/getVersions.ts';
import type { ClientEnvironment } from '../environment.ts';
import { failureOf, RouteFailure } from './failures.ts';
import type { Line, RequestHints } from './line.ts';
import { type Attempt, race } from './race.ts';
import type { Scores } from './scores.ts';
import { readWatched } from './watchdog.ts';

export interface DiallerOptions {
  readonly environment: ClientEnvironment;
  /** Sends a request over one route. */
  fetchVia(route: Route, path: string, init: RequestInit): Promise<Response>;
  readonly name: string;
  readonly scores: Scores;
  /** Something that the panel shows has changed. */
  onChanged(): void;
}

/** No answer at all, beyond what the server may wait for. */
const ANSWER_WITHIN_MS = 60_000;
/** A route that was heard from so lately needs no proof before a request that must not be repeated. */
const FRESH_MS = 30_000;
const PROBE_EVERY_MS = 600_000;
/** While a conversation goes on a dead route is noticed within seconds; hours later within a minute. */
const PULSE_MIN_MS = 1_000;
const PULSE_MAX_MS = 60_000;
const PULSE_OF_QUIET = 10;
const SLOW_BYTES_PER_SECOND = 2 * 1024;
/** A timer that is so late was held up by work. */
const BUSY_MS = 250;
const GATEWAY_STATUSES = new Set([502, 503, 504]);
const PROBE_PATH = getVersions.path;

interface Running extends Attempt {
  readonly controller: AbortController;
  /** A long poll. */
  readonly isWaiting: boolean;
}

interface Request {
  readonly route: Route;
  readonly path: string;
  readonly init: RequestInit;
  readonly waitMs?: number;
  readonly withinMs?: number;
  onHead?(): void;
}

export class Dialler implements Line {
  readonly #options: DiallerOptions;
  readonly #running = new Set<Running>();
  #routes: readonly Route[];
  #activeAtMs: number;
  #stopped: AbortController | undefined;

  constructor(options: DiallerOptions, routes: readonly Route[]) {
    this.#options = options;
    this.#routes = routes;
    this.#activeAtMs = options.environment.nowMs();
  }

  get name(): string {
    return this.#options.name;
  }

  get routes(): readonly Route[] {
    return this.#routes;
  }

  setRoutes(routes: readonly Route[]): void {
    this.#routes = routes;
    this.#options.onChanged();
  }

  async fetch(path: string, init: RequestInit, hints: RequestHints): Promise<Response> {
    const { waitMs = 0 } = hints;
    if (this.#routes.length === 0) throw new RouteFailure('unreachable');
    if (waitMs > 0) return await this.#poll(path, init, waitMs);
    this.#activeAtMs = this.#options.environment.nowMs();
    if (hints.isRepeatable) return await this.#race(this.#order(), path, init);
    const route = await this.#proven();
    return await this.#begin({ route, path, init, withinMs: ANSWER_WITHIN_MS + uploadMs(init.body) }).answer;
  }

  /** Asks the routes that are not in use whether they are there, now and then. Ends with {@link stop}. */
  async run(): Promise<void> {
    const stopped = new AbortController();
    this.#stopped = stopped;
    const { environment } = this.#options;
    while (!stopped.signal.aborted) {
      await environment.sleep(PROBE_EVERY_MS, stopped.signal);
      if (!stopped.signal.aborted) await this.probeAll();
    }
  }

  stop(): void {
    this.#stopped?.abort();
  }

  /** The network is another one: every route is tried afresh. */
  forgive(): void {
    this.#options.scores.forgive();
    this.#activeAtMs = this.#options.environment.nowMs();
  }

  async probeAll(): Promise<void> {
    const found = await Promise.all(this.#routes.map((route) => this.probe(route)));
    const { scores, onChanged } = this.#options;
    const [first] = this.#order();
    // Where the last winner is gone the best of those that answered takes its place.
    if (first !== undefined && found.includes(true)) scores.won(first);
    onChanged();
  }

  /** Whether a route leads to a homeserver now. */
  async probe(route: Route): Promise<boolean> {
    const { scores } = this.#options;
    const attempt = this.#begin({ route, path: PROBE_PATH, init: {}, withinMs: scores.probeWithinMs(route) });
    const isThere = await attempt.answer.then(
      (response) => response.ok,
      () => false,
    );
    if (!isThere) this.#leave(route);
    return isThere;
  }

  #order(): Route[] {
    return this.#options.scores.order(this.#routes);
  }

  /** What waits for an answer over a dead route goes over another. */
  #leave(route: Route): void {
    const name = routeName(route);
    for (const { route: taken, controller, isWaiting } of this.#running) {
      // Ordinary requests have a race or a time of their own; what must not be repeated is not cut off on suspicion.
      if (isWaiting && routeName(taken) === name) controller.abort(MOVED);
    }
  }

  /** A route that has just answered, for a request that must not be sent twice. */
  async #proven(): Promise<Route> {
    const { scores, environment } = this.#options;
    const [first, ...others] = this.#order();
    if (first === undefined) throw new RouteFailure('unreachable');
    const { answeredAtMs, failures } = scores.of(first);
    const isFresh = answeredAtMs !== undefined && environment.nowMs() - answeredAtMs < FRESH_MS && failures === 0;
    if (isFresh || others.length === 0) return first;
    await this.#race([first, ...others], PROBE_PATH, {});
    return this.#order()[0] ?? first;
  }

  async #race(routes: readonly Route[], path: string, init: RequestInit): Promise<Response> {
    const { environment, scores } = this.#options;
    const { response, winner, silent } = await race({
      routes,
      environment,
      begin: (route, onHead) => this.#begin({ route, path, init, onHead }),
      hedgeAfterMs: (route) => scores.hedgeAfterMs(route),
      isGivenUp: () => init.signal?.aborted === true,
    });
    scores.won(winner);
    this.#options.onChanged();
    // Whoever was asked before and had not answered may be dead: that is found out at once.
    for (const route of silent) void this.probe(route).catch(() => undefined);
    return response;
  }

  /** A request whose answer may take long: while it waits, the route's pulse is felt. */
  async #poll(path: string, init: RequestInit, waitMs: number): Promise<Response> {
    const { environment, scores } = this.#options;
    let last: unknown = new RouteFailure('unreachable');
    for (const route of this.#order()) {
      const sentAtMs = environment.nowMs();
      const attempt = this.#begin({ route, path, init, waitMs });
      const over = new AbortController();
      if (this.#routes.length > 1) void this.#feelPulse(attempt, over.signal);
      try {
        const response = await attempt.answer;
        if (environment.nowMs() - sentAtMs < waitMs / 2) this.#activeAtMs = environment.nowMs();
        if (scores.winner !== routeName(route)) {
          scores.won(route);
          this.#options.onChanged();
        }
        return response;
      } catch (error) {
        if (init.signal?.aborted === true) throw error;
        last = error;
      } finally {
        over.abort();
      }
    }
    throw last;
  }

  async #feelPulse({ route }: Attempt, signal: AbortSignal): Promise<void> {
    const { environment, scores } = this.#options;
    while (!signal.aborted) {
      const quietMs = environment.nowMs() - this.#activeAtMs;
      const pauseMs = Math.min(Math.max(quietMs / PULSE_OF_QUIET, PULSE_MIN_MS), PULSE_MAX_MS);
      await environment.sleep(pauseMs, signal);
      if (signal.aborted) return;
      const { answeredAtMs = 0 } = scores.of(route);
      if (environment.nowMs() - answeredAtMs >= pauseMs) await this.probe(route);
    }
  }

  #begin(request: Request): Running {
    const controller = new AbortController();
    const answer = this.#attempt(request, controller);
    const { route, waitMs = 0 } = request;
    const giveUp = (): void => controller.abort(LOST);
    const attempt: Running = { route, controller, answer, giveUp, isWaiting: waitMs > 0 };
    this.#running.add(attempt);
    void answer.catch(() => undefined).finally(() => this.#running.delete(attempt));
    return attempt;
  }

  /** Lets time run out. Where this thread was busy meanwhile an answer may lie there unread: it gets a moment more. */
  async #runOut(delayMs: number, signal: AbortSignal): Promise<void> {
    const { environment } = this.#options;
    const dueMs = environment.nowMs() + delayMs;
    await environment.sleep(delayMs, signal);
    if (environment.nowMs() - dueMs > BUSY_MS) await environment.sleep(BUSY_MS, signal);
  }

  async #attempt(request: Request, controller: AbortController): Promise<Response> {
    const { route, path, init, waitMs = 0, withinMs = ANSWER_WITHIN_MS, onHead } = request;
    const { environment, scores, fetchVia, onChanged } = this.#options;
    const { signal } = controller;
    const given = (): void => controller.abort(LOST);
    init.signal?.addEventListener('abort', given);
    if (init.signal?.aborted === true) given();
    const answered = new AbortController();
    void this.#runOut(waitMs + withinMs, answered.signal).then(() => {
      if (!answered.signal.aborted) controller.abort(new RouteFailure('timeout'));
    });
    try {
      const sentAtMs = environment.nowMs();
      const response = await untilAborted(fetchVia(route, path, { ...init, signal }), signal);
      answered.abort();
      if (isGateway(response)) throw new RouteFailure('gateway');
      // How long the server held an answer back says nothing of the route.
      scores.answered(route, waitMs > 0 ? undefined : environment.nowMs() - sentAtMs);
      onHead?.();
      return await untilAborted(readWatched(response, environment), signal);
    } catch (error) {
      // Whoever was no longer wanted has not failed.
      if (signal.reason === LOST || signal.reason === MOVED) throw error;
      const failure = failureOf(signal.aborted ? signal.reason : error);
      scores.failed(route, failure.kind);
      onChanged();
      throw failure;
    } finally {
      answered.abort();
      init.signal?.removeEventListener('abort', given);
    }
  }
}

/** Why an attempt ends that is no longer wanted, and why one that waited on a route that has gone. */
const LOST = new RouteFailure('timeout');
const MOVED = new RouteFailure('timeout');

/** Rejects as soon as the signal aborts, whatever the promise does then. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(failureOf(signal.reason));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** How long the bytes of a request may take, at the rate below which a route counts as throttled. */
function uploadMs(body: RequestInit['body']): number {
  const bytes = body instanceof Uint8Array ? body.byteLength : body instanceof Blob ? body.size : 0;
  return (bytes / SLOW_BYTES_PER_SECOND) * 1000;
}

/** An answer of something on the way: the server's own errors are JSON. */
function isGateway({ status, headers }: Response): boolean {
  return GATEWAY_STATUSES.has(status) && headers.get('content-type')?.includes('json') !== true;
}
