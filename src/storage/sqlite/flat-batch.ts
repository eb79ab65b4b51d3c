/** A batch as it travels to the writer, and its outcome as it comes back: flat lists of what threads copy cheaply. */
import { assert } from '../../lib/assert.ts';
import { failureOf, isFailureKind } from '../failures.ts';
import type { BatchOutcome, Counters } from '../group-commit.ts';
import type { Flat, StatementTexts, WriteUnit } from '../write-unit.ts';

/** Flattens the batches of one writer, which is sent the text of each statement once. */
export class BatchFlattener {
  readonly #texts: StatementTexts;
  #textsSent = 0;

  constructor(texts: StatementTexts) {
    this.#texts = texts;
  }

  /** The batch in the form that `SqliteWriter` reads. */
  flatten(units: readonly WriteUnit[], counters: Counters | undefined): Flat[] {
    const { all } = this.#texts;
    const flat: Flat[] = [all.length - this.#textsSent];
    for (; this.#textsSent < all.length; this.#textsSent += 1) flat.push(all[this.#textsSent] ?? '');
    if (counters === undefined) flat.push(null, null, null, null);
    else flat.push(counters.position, counters.event, counters.room, counters.line);
    flat.push(units.length);
    for (const unit of units) {
      flat.push(unit.statementCount);
      for (const value of unit.flat) flat.push(value);
    }
    return flat;
  }
}

/** What the writer answered to a batch. */
export function readOutcome(flat: unknown): BatchOutcome {
  assert(Array.isArray(flat), 'the writer answers a batch with a list');
  const [commitMs, kind, message]: readonly unknown[] = flat;
  if (kind === undefined) return { commitMs: Number(commitMs), failure: undefined };
  assert(isFailureKind(kind), 'the writer names the kind of a failure');
  return { commitMs: Number(commitMs), failure: failureOf(kind, String(message)) };
}
