/** Destinations that are left alone for now: a place in a heap each, and nothing else in memory. */
import { Heap } from '../../../lib/heap.ts';
import type { ServerName } from '../../../matrix/ids.ts';

export interface Sleeper {
  readonly server: ServerName;
  /** Milliseconds since the epoch. */
  readonly retryAt: number;
  /** The nominal length of this pause; 0 where there was no failure. */
  readonly retryIntervalMs: number;
  /** When it was last tried; 0 for never. */
  readonly attemptedAt: number;
  /** It answered lately: it does not wait for a place in the slow lane. */
  readonly isFast: boolean;
  /** It has shown that it is there: it does not stand behind others. */
  readonly isAwake?: boolean;
}

/** "one immediate attempt, at most one a second" */
const CONTACT_GAP_MS = 1000;
/** Places that are taken over or out stay in the heaps up to this many more than are in use. */
const STALE_MAX = 64;

/** Who has failed for long comes behind who has not, and yet comes. */
function turnOf(sleeper: Sleeper): number {
  return sleeper.isAwake === true ? sleeper.retryAt : sleeper.retryAt + sleeper.retryIntervalMs;
}

function byTime(left: Sleeper, right: Sleeper): number {
  return left.retryAt - right.retryAt;
}

function byTurn(left: Sleeper, right: Sleeper): number {
  return turnOf(left) - turnOf(right);
}

export class Sleepers {
  readonly #places = new Map<ServerName, Sleeper>();
  #waiting = new Heap<Sleeper>(byTime);
  #dueFast = new Heap<Sleeper>(byTurn);
  #dueSlow = new Heap<Sleeper>(byTurn);

  get size(): number {
    return this.#places.size;
  }

  has(server: ServerName): boolean {
    return this.#places.has(server);
  }

  /** Puts a destination to sleep, or changes until when. */
  add(sleeper: Sleeper): void {
    this.#places.set(sleeper.server, sleeper);
    this.#waiting.push(sleeper);
    if (this.#waiting.size > 2 * this.#places.size + STALE_MAX) this.#rebuild();
  }

  /** Lets a destination try at once, as it has shown that it is there, and at most once a second. */
  wake(server: ServerName, now: number): void {
    const sleeper = this.#places.get(server);
    if (sleeper === undefined) return;
    const sinceMs = now - sleeper.attemptedAt;
    // A clock that was set back holds nobody up.
    const retryAt = sinceMs >= 0 && sinceMs < CONTACT_GAP_MS ? sleeper.attemptedAt + CONTACT_GAP_MS : now;
    if (retryAt < sleeper.retryAt) this.add({ ...sleeper, retryAt, isAwake: true });
  }

  /** Lets all of them try now. */
  wakeAll(now: number): void {
    for (const server of this.#places.keys()) this.wake(server, now);
  }

  /** Forgets a destination; false where it is not here. */
  remove(server: ServerName): boolean {
    return this.#places.delete(server);
  }

  /** Takes out the destination whose turn it is, of those that are fast or of the others. */
  take(now: number, isFast: boolean): Sleeper | undefined {
    this.#moveDue(now);
    const due = isFast ? this.#dueFast : this.#dueSlow;
    for (;;) {
      const sleeper = due.pop();
      if (sleeper === undefined) return undefined;
      if (this.#places.get(sleeper.server) !== sleeper) continue;
      this.#places.delete(sleeper.server);
      return sleeper;
    }
  }

  /** When the next one falls due that is not due now; `undefined` where nobody sleeps. */
  nextAt(now: number): number | undefined {
    this.#moveDue(now);
    return this.#waiting.first?.retryAt;
  }

  #moveDue(now: number): void {
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      const isStale = this.#places.get(first.server) !== first;
      if (!isStale && first.retryAt > now) return;
      this.#waiting.pop();
      if (!isStale) (first.isFast ? this.#dueFast : this.#dueSlow).push(first);
    }
  }

  #rebuild(): void {
    this.#waiting = new Heap(byTime);
    this.#dueFast = new Heap(byTurn);
    this.#dueSlow = new Heap(byTurn);
    for (const sleeper of this.#places.values()) this.#waiting.push(sleeper);
  }
}
