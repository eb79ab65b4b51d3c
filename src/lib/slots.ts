/** A number of places; who comes when all are taken waits in line. */
import { type Deferred, defer } from './deferred.ts';

export class Slots {
  #free: number;
  readonly #line: Deferred<void>[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  get free(): number {
    return this.#free;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Takes a place where one is free. */
  tryEnter(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Takes a place as soon as one is free. */
  async enter(): Promise<void> {
    if (this.tryEnter()) return;
    const turn = defer<void>();
    this.#line.push(turn);
    await turn.promise;
  }

  /** Gives a place back: the first in line has it. */
  leave(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#free += 1;
    else next.resolve();
  }
}
