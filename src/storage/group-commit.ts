import { defer } from '../lib/deferred.ts';
import { OperationError } from '../matrix/errors.ts';
import type { WriteUnit } from './write-unit.ts';

/** The highest numbers given so far. */
export interface Counters {
  position: number;
  event: number;
  room: number;
  line: number;
}

export interface BatchOutcome {
  /** Time of the `COMMIT` statement alone. */
  readonly commitMs: number;
  /** Why nothing of the batch was written; `undefined` where all of it is durable. */
  readonly failure: Error | undefined;
}

/** Makes batches durable, one after the other, each as a whole or not at all. */
export interface BatchWriter {
  /** Writes `counters` too where they are given. */
  write(units: readonly WriteUnit[], counters: Counters | undefined): Promise<BatchOutcome>;
  close(): Promise<void>;
}

/** Runs a task once the present turn of the loop is over. */
export type AfterTurn = (task: () => void) => void;

interface Waiting {
  readonly unit: WriteUnit;
  readonly settle: (failure: Error | undefined) => void;
}

const SLOW_COMMIT_MS = 1;
const WAIT_MS_MAX = 5;
const SMOOTHING = 0.2;
/** Keeps one batch, and what a failure repeats, small. */
const BATCH_MAX = 1000;
/** Numbers are reserved in such portions: a crash skips what was not given, and most commits need not write them. */
const RESERVED = 1000;

function isWithin(counters: Counters, reserved: Counters): boolean {
  return (
    counters.position <= reserved.position &&
    counters.event <= reserved.event &&
    counters.room <= reserved.room &&
    counters.line <= reserved.line
  );
}

/**
 * Group commit: one batch in flight; the next one starts when it is durable and takes all that has come meanwhile.
 *
 * "while the smoothed time of the `COMMIT` statement alone exceeds 1 ms, wait for as many requests as were in flight
 * last time, at most one such time and never over 5 ms; below 1 ms flush at once" (PERFORMANCE 2.3).
 *
 * A batch that fails is repeated unit by unit, so that the bad one fails alone, and with it what depends on it.
 */
export class GroupCommit {
  readonly #writer: BatchWriter;
  readonly #counters: Counters;
  readonly #afterTurn: AfterTurn;
  /** What the database holds: no number above it was ever given before a restart. */
  #reserved: Counters;
  readonly #idleWaiters: (() => void)[] = [];
  #queue: Waiting[] = [];
  #writing = false;
  #commitMs = 0;
  #expected = 0;
  #wait: NodeJS.Timeout | undefined;
  #flushPlanned = false;

  constructor(writer: BatchWriter, counters: Counters, afterTurn: AfterTurn = setImmediate) {
    this.#writer = writer;
    this.#afterTurn = afterTurn;
    this.#counters = counters;
    this.#reserved = { ...counters };
  }

  /** Queues `unit`; `settle` is called when it is durable or has failed, in the order of submission. */
  submit(unit: WriteUnit, settle: (failure: Error | undefined) => void): void {
    this.#queue.push({ unit, settle });
    if (this.#writing) return;
    if (this.#wait === undefined) this.#flushThisTurn();
    else if (this.#queue.length >= this.#expected) this.#flush();
  }

  /** Resolves when nothing is queued or in flight. */
  async drain(): Promise<void> {
    if (!this.#writing && this.#queue.length === 0) return;
    const { promise, resolve } = defer<void>();
    this.#idleWaiters.push(resolve);
    await promise;
  }

  /** Writes the exact counters when everything is done, so that a clean restart skips no number. */
  async close(): Promise<void> {
    await this.drain();
    await this.#writer.write([], { ...this.#counters });
    await this.#writer.close();
  }

  /** Whatever else this turn of the loop submits joins the batch. */
  #flushThisTurn(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    this.#afterTurn(() => {
      this.#flushPlanned = false;
      if (!this.#writing) this.#flush();
    });
  }

  #flush(): void {
    clearTimeout(this.#wait);
    this.#wait = undefined;
    if (this.#queue.length === 0) return;
    const batch = this.#queue.length > BATCH_MAX ? this.#queue.splice(0, BATCH_MAX) : this.#queue;
    if (batch === this.#queue) this.#queue = [];
    this.#writing = true;
    void this.#write(batch);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const refusals = batch.map(({ unit }) => unit.refusal);
    const units = batch.filter((_, index) => refusals[index] === undefined).map(({ unit }) => unit);
    const whole = await this.#attempt(units);
    if (whole.failure !== undefined && !whole.isBroken && units.length > 1) await this.#writeSingly(batch);
    else {
      if (whole.failure === undefined) this.#commitMs += SMOOTHING * (whole.commitMs - this.#commitMs);
      this.#expected = batch.length + this.#queue.length;
      for (const [index, { settle }] of batch.entries()) settle(refusals[index] ?? whole.failure);
    }
    this.#writing = false;
    this.#next();
  }

  /** What was refused meanwhile, because what it depends on has failed, is not tried. */
  async #writeSingly(batch: readonly Waiting[]): Promise<void> {
    for (const { unit, settle } of batch) settle(unit.refusal ?? (await this.#attempt([unit])).failure);
  }

  async #attempt(units: readonly WriteUnit[]): Promise<BatchOutcome & { readonly isBroken: boolean }> {
    if (units.length === 0) return { commitMs: 0, failure: undefined, isBroken: false };
    const reserve = this.#nextReserve();
    try {
      const outcome = await this.#writer.write(units, reserve);
      if (reserve !== undefined && outcome.failure === undefined) this.#reserved = reserve;
      return { ...outcome, isBroken: false };
    } catch (cause) {
      const failure = new OperationError('storage-failed', { temporary: false, cause });
      return { commitMs: 0, failure, isBroken: true };
    }
  }

  #nextReserve(): Counters | undefined {
    const { position, event, room, line } = this.#counters;
    if (isWithin(this.#counters, this.#reserved)) return undefined;
    return { position: position + RESERVED, event: event + RESERVED, room: room + RESERVED, line: line + RESERVED };
  }

  #next(): void {
    if (this.#queue.length === 0) {
      for (const resolve of this.#idleWaiters.splice(0)) resolve();
      return;
    }
    if (this.#commitMs <= SLOW_COMMIT_MS || this.#queue.length >= this.#expected) this.#flush();
    else this.#wait = setTimeout(() => this.#flush(), Math.min(this.#commitMs, WAIT_MS_MAX));
  }
}
