import { Worker } from 'node:worker_threads';
import { type Deferred, defer } from '../../lib/deferred.ts';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Row, SqlValue } from '../database.ts';
import type { ReadAnswer, ReaderData, ReadQuestion } from './reader-thread.ts';

function rowsOf({ columns, values }: ReadAnswer): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < values.length; at += columns.length) {
    rows.push(Object.fromEntries(columns.map((column, index) => [column, values[at + index] ?? null])));
  }
  return rows;
}

/** The main thread's end of the reader thread, which starts with the first question. */
export class ReaderClient {
  readonly #data: ReaderData;
  readonly #waiting = new Map<number, Deferred<readonly Row[]>>();
  #worker: Worker | undefined;
  #count = 0;

  constructor(data: ReaderData) {
    this.#data = data;
  }

  /** The rows of a statement whose parameters are ready to be bound. */
  ask(text: string, params: readonly SqlValue[]): Promise<readonly Row[]> {
    const worker = this.#ensureWorker();
    this.#count += 1;
    const answer = defer<readonly Row[]>();
    this.#waiting.set(this.#count, answer);
    const question: ReadQuestion = { id: this.#count, text, params };
    worker.postMessage(question);
    return answer.promise;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.postMessage('close');
    await new Promise((resolve) => worker.once('exit', resolve));
  }

  #ensureWorker(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(siblingUrl(import.meta.url, './reader-thread'), { workerData: this.#data });
    worker.unref();
    worker.on('message', (answer: ReadAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.failed === undefined) waiting?.resolve(rowsOf(answer));
      else waiting?.reject(new Error(answer.failed));
    });
    worker.on('error', (error) => {
      this.#die(worker, error);
    });
    worker.on('exit', () => {
      this.#die(worker, new Error('the reader thread has ended'));
    });
    this.#worker = worker;
    return worker;
  }

  /** What it was asked fails; the next question starts a new thread. */
  #die(worker: Worker, cause: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const answer of waiting) answer.reject(new OperationError('storage-failed', { temporary: true, cause }));
  }
}
