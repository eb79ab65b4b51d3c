/** What bounds one exchange: its time, its bytes, and whoever asked for it. */
import type { OperationError } from '../../matrix/errors.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import { asFailure, failure } from './failure.ts';

/** The time of an exchange, from the first look-up to the last byte. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: Timer;
  readonly #outer: AbortSignal | undefined;
  readonly #onEnd: () => void;
  #isOver = false;
  readonly #cancel = (): void => this.end(failure('cancelled'));

  constructor(clock: Clock, timeoutMs: number, { signal, onEnd }: { signal: AbortSignal | undefined; onEnd(): void }) {
    this.#onEnd = onEnd;
    this.#outer = signal;
    this.#timer = clock.schedule(timeoutMs, () => this.end(failure('timed out')));
    if (signal?.aborted === true) this.#cancel();
    else signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it has ended, however. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Why it was cut off; `undefined` while it goes on or where it ended by itself. */
  get reason(): OperationError | undefined {
    return this.#controller.signal.aborted ? asFailure(this.#controller.signal.reason, 'cancelled') : undefined;
  }

  /** Ends it: by itself, or with a reason that cuts it off. */
  end(reason?: OperationError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    this.#outer?.removeEventListener('abort', this.#cancel);
    if (reason !== undefined) this.#controller.abort(reason);
    this.#onEnd();
  }
}

/** At most so many exchanges at a time: the others wait in their order. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Rejects with the signal's reason where it ends before there is one. */
  async take(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(asFailure(signal.reason, 'cancelled'));
      };
      this.#waiting.push(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
