/**
 * Whose transaction is dealt with: one at a time for each server, a few over all, and the others in turn. What waits is
 * bounded, for each server and together, so that a flood is refused and costs nobody else their turn.
 */
import { present } from '../../../lib/assert.ts';
import { defer, type Deferred } from '../../../lib/deferred.ts';
import { MatrixError } from '../../../matrix/errors.ts';
import type { ServerName } from '../../../matrix/ids.ts';
import type { Clock } from '../../../ports/clock.ts';
import { Overtime, type OvertimeLimits } from '../../overtime.ts';

export interface TurnLimits {
  /** Transactions that are dealt with at the same time, of different servers. */
  readonly places: number;
  readonly overtime: OvertimeLimits;
  readonly waitingOfOne: number;
  readonly bytesOfOne: number;
  readonly bytesOfAll: number;
}

/**
 * SECURITY §4: "inbound transactions in parallel 10". All of them share one main thread, which two or three keep busy:
 * the others wait for the disk or for missing events. A server has one transaction on its way ("The sending server must
 * wait and retry for a 200 OK response before sending a transaction with a different `txnId`"), and repeats it where it
 * has lost patience: four may wait. The largest transaction that is allowed has about 10 MiB.
 */
export const TURN_LIMITS: TurnLimits = {
  places: 10,
  overtime: { holdMs: 10_000, max: 20 },
  waitingOfOne: 4,
  bytesOfOne: 16 * 1024 * 1024,
  bytesOfAll: 64 * 1024 * 1024,
};

/** When whoever was refused may come again. */
const RETRY_AFTER_MS = 5_000;

interface Waiting {
  readonly sizeBytes: number;
  readonly turn: Deferred<void>;
}

interface Line {
  readonly waiting: Waiting[];
  sizeBytes: number;
  isRunning: boolean;
}

export class Turns {
  readonly #limits: TurnLimits;
  readonly #overtime: Overtime;
  /** Servers with a transaction that runs or waits. */
  readonly #lines = new Map<ServerName, Line>();
  /** Those whose next transaction may run, in the order of their turns. */
  readonly #ready = new Set<ServerName>();
  #free: number;
  #waiting = 0;
  #sizeBytes = 0;
  #refused = 0;

  constructor(clock: Clock, limits: TurnLimits = TURN_LIMITS) {
    this.#limits = limits;
    this.#overtime = new Overtime(clock, limits.overtime);
    this.#free = limits.places;
  }

  /** How many wait, and how many have been refused so far. */
  get counts(): { readonly waiting: number; readonly refused: number } {
    return { waiting: this.#waiting, refused: this.#refused };
  }

  /** Runs `task` when it is the turn of `server`. Throws `M_LIMIT_EXCEEDED` where too much waits already. */
  async run<T>(server: ServerName, sizeBytes: number, task: () => Promise<T>): Promise<T> {
    await this.#enter(server, sizeBytes);
    const leave = this.#overtime.begin(() => {
      this.#free += 1;
      this.#next();
    });
    try {
      return await task();
    } finally {
      leave();
      this.#ended(server);
    }
  }

  #lineOf(server: ServerName): Line {
    let line = this.#lines.get(server);
    if (line === undefined) this.#lines.set(server, (line = { waiting: [], sizeBytes: 0, isRunning: false }));
    return line;
  }

  async #enter(server: ServerName, sizeBytes: number): Promise<void> {
    const line = this.#lineOf(server);
    const { waitingOfOne, bytesOfOne } = this.#limits;
    const isTooMuch = line.waiting.length >= waitingOfOne || line.sizeBytes + sizeBytes > bytesOfOne;
    if (isTooMuch || !this.#makeRoom(line, sizeBytes)) {
      this.#forgetIdle(server, line);
      throw this.#refusal();
    }
    const turn = defer<void>();
    line.waiting.push({ sizeBytes, turn });
    this.#count(line, 1, sizeBytes);
    if (!line.isRunning) this.#ready.add(server);
    this.#next();
    await turn.promise;
  }

  #count(line: Line, waiting: number, sizeBytes: number): void {
    line.sizeBytes += sizeBytes;
    this.#sizeBytes += sizeBytes;
    this.#waiting += waiting;
  }

  /** Refuses what came last from those who have most waiting, as long as that is more than the newcomer would have. */
  #makeRoom(line: Line, sizeBytes: number): boolean {
    while (this.#sizeBytes + sizeBytes > this.#limits.bytesOfAll) {
      const [server, largest] = this.#largest();
      const last = largest.sizeBytes > line.sizeBytes + sizeBytes ? largest.waiting.pop() : undefined;
      if (last === undefined) return false;
      this.#count(largest, -1, -last.sizeBytes);
      this.#forgetIdle(server, largest);
      last.turn.reject(this.#refusal());
    }
    return true;
  }

  /** The server that has most bytes waiting. */
  #largest(): readonly [ServerName, Line] {
    let largest: readonly [ServerName, Line] | undefined;
    for (const one of this.#lines) if (largest === undefined || one[1].sizeBytes > largest[1].sizeBytes) largest = one;
    return present(largest, 'whoever asks has a line');
  }

  #forgetIdle(server: ServerName, line: Line): void {
    if (line.isRunning || line.waiting.length > 0) return;
    this.#lines.delete(server);
    this.#ready.delete(server);
  }

  #refusal(): MatrixError {
    this.#refused += 1;
    return new MatrixError('M_LIMIT_EXCEEDED', 'Too many transactions of your server wait already', {
      extra: { retry_after_ms: RETRY_AFTER_MS },
    });
  }

  /** Gives free places to those whose turn it is. */
  #next(): void {
    for (const server of this.#ready) {
      if (this.#free === 0) return;
      this.#ready.delete(server);
      const line = this.#lineOf(server);
      const first = line.waiting.shift();
      if (first === undefined) continue;
      this.#count(line, -1, -first.sizeBytes);
      this.#free -= 1;
      line.isRunning = true;
      first.turn.resolve();
    }
  }

  #ended(server: ServerName): void {
    const line = this.#lineOf(server);
    line.isRunning = false;
    if (line.waiting.length > 0) this.#ready.add(server);
    this.#forgetIdle(server, line);
    this.#next();
  }
}
