/** Work that must be done once the store has told of its cause: in order, and again where the disk fails. */
import { SerialQueue } from '../../../lib/queue.ts';
import { OperationError } from '../../../matrix/errors.ts';
import type { Timer } from '../../../ports/clock.ts';
import type { Context } from '../../context.ts';

const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;

export class SteadyQueue {
  readonly #context: Context;
  readonly #queue = new SerialQueue();
  #isOpen = false;
  #wait: { readonly timer: Timer; readonly end: () => void } | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Ends without what has not begun; resolves when what has is done. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#wait?.timer.cancel();
    this.#wait?.end();
    await this.#queue.run(() => {});
  }

  /** Queues a task, which is repeated until the disk takes what it writes; `failure` is what the log says of others. */
  add(task: () => Promise<void>, failure: string): void {
    if (!this.#isOpen) return;
    this.#queue
      .run(() => this.#repeat(task))
      .catch((error: unknown) => {
        this.#context.log.error(failure, error);
      });
  }

  async #repeat(task: () => Promise<void>): Promise<void> {
    for (let pauseMs = PAUSE_MS; this.#isOpen; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      try {
        await task();
        return;
      } catch (error) {
        if (!(error instanceof OperationError) || !error.temporary) throw error;
        this.#context.log.warn('device lists wait for the disk', { why: error.kind });
      }
      await this.#pause(pauseMs);
    }
  }

  #pause(pauseMs: number): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wait = { timer: this.#context.clock.schedule(pauseMs, resolve), end: resolve };
    });
  }
}
