import { Worker } from 'node:worker_threads';
import { assert } from '../../lib/assert.ts';
import { type Deferred, defer } from '../../lib/deferred.ts';
import { siblingUrl } from '../../lib/sibling-url.ts';
import type { BatchOutcome, BatchWriter, Counters } from '../group-commit.ts';
import type { Flat, StatementTexts, WriteUnit } from '../write-unit.ts';
import { BatchFlattener, readOutcome } from './flat-batch.ts';
import type { WriterData, WriterOrder } from './writer-thread.ts';

/** The main thread's end of the writer thread: one question at a time. */
export class WriterClient implements BatchWriter {
  readonly #worker: Worker;
  readonly #flattener: BatchFlattener;
  #answer: Deferred<unknown> | undefined;
  #dead: Error | undefined;

  private constructor(worker: Worker, texts: StatementTexts) {
    this.#worker = worker;
    this.#flattener = new BatchFlattener(texts);
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
    return readOutcome(await this.#ask(this.#flattener.flatten(units, counters)));
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
}
