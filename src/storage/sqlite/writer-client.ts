import { Worker } from 'node:worker_threads';
import { assert } from '../../lib/assert.ts';
import { type Deferred, defer } from '../../lib/deferred.ts';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { failureOf, isFailureKind } from '../failures.ts';
import type { BatchOutcome, BatchWriter, Counters } from '../group-commit.ts';
import type { Flat, StatementTexts, WriteUnit } from '../write-unit.ts';
import type { WriterData, WriterOrder } from './writer-thread.ts';

/** The main thread's end of the writer thread: one question at a time. */
export class WriterClient implements BatchWriter {
  readonly #worker: Worker;
  readonly #texts: StatementTexts;
  #textsSent = 0;
  #answer: Deferred<unknown> | undefined;
  #dead: Error | undefined;

  private constructor(worker: Worker, texts: StatementTexts) {
    this.#worker = worker;
    this.#texts = texts;
    worker.on('message', (message: unknown) => {
      const answer = this.#answer;
      this.#answer = undefined;
      answer?.resolve(message);
    });
    worker.on('error', (error) => {
      this.#die(error);
    });
    worker.on('exit', () => {
      this.#die(new Error('the writer thread has ended'));
    });
  }

  /** Starts the thread and waits until it can write. */
  static async start(data: WriterData, texts: StatementTexts): Promise<WriterClient> {
    const worker = new Worker(siblingUrl(import.meta.url, './writer-thread'), { workerData: data });
    const client = new WriterClient(worker, texts);
    await client.#awaitAnswer();
    return client;
  }

  async write(units: readonly WriteUnit[], counters: Counters | undefined): Promise<BatchOutcome> {
    const outcome = await this.#ask(this.#flatten(units, counters));
    assert(Array.isArray(outcome), 'the writer answers a batch with a list');
    const failures = new Map<number, Error>();
    for (let at = 1; at < outcome.length; at += 3) {
      const kind: unknown = outcome[at + 1];
      assert(isFailureKind(kind), 'the writer names the kind of a failure');
      failures.set(Number(outcome[at]), failureOf(kind, String(outcome[at + 2])));
    }
    return { commitMs: Number(outcome[0]), failures };
  }

  /** Settings as the writing connection reports them. */
  async settings(): Promise<unknown> {
    return this.#ask('settings');
  }

  async close(): Promise<void> {
    if (this.#dead !== undefined) return;
    await this.#ask('close');
    await this.#worker.terminate();
  }

  #ask(message: readonly Flat[] | WriterOrder): Promise<unknown> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    const answer = this.#awaitAnswer();
    this.#worker.postMessage(message);
    return answer;
  }

  #awaitAnswer(): Promise<unknown> {
    assert(this.#answer === undefined, 'the writer is asked one thing at a time');
    this.#answer = defer<unknown>();
    return this.#answer.promise;
  }

  #die(error: Error): void {
    this.#dead ??= error;
    this.#answer?.reject(this.#dead);
    this.#answer = undefined;
  }

  #flatten(units: readonly WriteUnit[], counters: Counters | undefined): Flat[] {
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
