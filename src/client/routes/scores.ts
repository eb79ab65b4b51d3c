/** What is known of each route, and what follows from it: whom to ask first, and how long to wait for an answer. */
import { routeName, type Route } from '../../matrix/routes/route.ts';
import type { FailureKind } from './failures.ts';

export interface RouteScore {
  /** How long the newest answers took. */
  readonly rttsMs: readonly number[];
  readonly answeredAtMs?: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastFailure?: { readonly kind: FailureKind; readonly atMs: number };
  /** Until then other routes are asked first. */
  readonly penaltyUntilMs: number;
}

const UNKNOWN: RouteScore = { rttsMs: [], failures: 0, penaltyUntilMs: 0 };
const RTTS_KEPT = 15;
/** "start the next after 300 ms (home/idc) or 1 s (abroad)". */
const NEXT_AFTER_NEAR_MS = 300;
const NEXT_AFTER_FAR_MS = 1_000;
/** "later an idempotent request is hedged after 1.5 × the route's median RTT". */
const HEDGE_FACTOR = 1.5;
const HEDGE_MIN_MS = 100;
const HEDGE_MAX_MS = 3_000;
const PENALTY_FIRST_MS = 5_000;
const PENALTY_MAX_MS = 600_000;
const PROBE_MIN_MS = 1_000;
const PROBE_MAX_MS = 10_000;
const PROBE_UNKNOWN_MS = 5_000;
const PROBE_FACTOR = 4;

function median(values: readonly number[]): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}

/** Scores of routes by their names: a route whose secret has changed is the same one. */
export class Scores {
  readonly #scores = new Map<string, RouteScore>();
  readonly #nowMs: () => number;
  #winner: string | undefined;

  constructor(nowMs: () => number, winner?: string) {
    this.#nowMs = nowMs;
    this.#winner = winner;
  }

  /** The name of the route that answered last. */
  get winner(): string | undefined {
    return this.#winner;
  }

  of(route: Route): RouteScore {
    return this.#scores.get(routeName(route)) ?? UNKNOWN;
  }

  medianMs(route: Route): number | undefined {
    return median(this.of(route).rttsMs);
  }

  /** The routes in the order in which they are asked: the last winner, the healthy, those with a penalty. */
  order(routes: readonly Route[]): Route[] {
    const now = this.#nowMs();
    const rank = (route: Route): number => {
      const { penaltyUntilMs } = this.of(route);
      if (penaltyUntilMs > now) return 2 + penaltyUntilMs;
      return routeName(route) === this.#winner ? 0 : 1;
    };
    // A stable sort: what is alike stays in the order of the manifest.
    return routes.toSorted((left, right) => rank(left) - rank(right));
  }

  /** How long a route may be silent before the next one is asked as well. */
  hedgeAfterMs(route: Route): number {
    const rttMs = this.medianMs(route);
    if (rttMs !== undefined) return Math.min(Math.max(rttMs * HEDGE_FACTOR, HEDGE_MIN_MS), HEDGE_MAX_MS);
    return route.zone === 'abroad' ? NEXT_AFTER_FAR_MS : NEXT_AFTER_NEAR_MS;
  }

  /** How long a small request may take before the route counts as dead. */
  probeWithinMs(route: Route): number {
    const rttMs = this.medianMs(route);
    if (rttMs === undefined) return PROBE_UNKNOWN_MS;
    return Math.min(Math.max(rttMs * PROBE_FACTOR, PROBE_MIN_MS), PROBE_MAX_MS);
  }

  /** A route has answered; `rttMs` where the time it took says something about the route. */
  answered(route: Route, rttMs?: number): void {
    const { rttsMs, lastFailure } = this.of(route);
    this.#scores.set(routeName(route), {
      rttsMs: rttMs === undefined ? rttsMs : [...rttsMs, rttMs].slice(-RTTS_KEPT),
      answeredAtMs: this.#nowMs(),
      failures: 0,
      penaltyUntilMs: 0,
      ...(lastFailure !== undefined && { lastFailure }),
    });
  }

  /** A route is the one to ask first from now on. */
  won(route: Route): void {
    this.#winner = routeName(route);
  }

  /** A route has failed: each failure in a row doubles the time in which others are asked first. */
  failed(route: Route, kind: FailureKind): void {
    const score = this.of(route);
    const failures = score.failures + 1;
    const penaltyMs = Math.min(PENALTY_FIRST_MS * 2 ** (failures - 1), PENALTY_MAX_MS);
    const atMs = this.#nowMs();
    this.#scores.set(routeName(route), {
      ...score,
      failures,
      lastFailure: { kind, atMs },
      penaltyUntilMs: atMs + penaltyMs,
    });
  }

  /** The network has changed: what failed before says nothing any more. */
  forgive(): void {
    for (const [name, score] of this.#scores) this.#scores.set(name, { ...score, failures: 0, penaltyUntilMs: 0 });
  }
}
