/** When each message has arrived at each server. */
import { defer } from '../../lib/deferred.ts';
import { pause } from '../context.ts';
import type { PlayedTransaction } from '../remotes/fleet.ts';
import { marksIn } from '../rooms.ts';

export class Arrivals {
  /** By message, then by server: milliseconds of the clock. */
  readonly #times = new Map<number, Map<string, number>>();
  /** Messages that a server has been sent more than once, in transactions of different ids. */
  duplicates = 0;
  transactions = 0;
  readonly #ids = new Set<string>();
  #news = defer<void>();

  readonly note = ({ server, id, body }: PlayedTransaction): void => {
    this.transactions += 1;
    // "The transaction identifier … to suppress duplicate requests": an answer may have been lost.
    if (this.#ids.has(`${server} ${id}`)) return;
    this.#ids.add(`${server} ${id}`);
    const now = performance.now();
    for (const mark of marksIn(body)) {
      let times = this.#times.get(mark);
      if (times === undefined) this.#times.set(mark, (times = new Map()));
      if (times.has(server)) this.duplicates += 1;
      else times.set(server, now);
    }
    this.#news.resolve();
    this.#news = defer<void>();
  };

  /** When a message arrived at a server. */
  at(mark: number, server: string): number | undefined {
    return this.#times.get(mark)?.get(server);
  }

  /** Servers of the list that have not got a message. */
  missing(mark: number, servers: readonly string[]): number {
    const times = this.#times.get(mark);
    return servers.filter((server) => times?.has(server) !== true).length;
  }

  /** Waits until all of these servers have a message; false where they do not within the time. */
  async untilAll(mark: number, servers: readonly string[], withinMs: number): Promise<boolean> {
    return await this.until(() => this.missing(mark, servers) === 0, withinMs);
  }

  /** Waits for something that transactions bring about. */
  async until(isReached: () => boolean, withinMs: number): Promise<boolean> {
    const end = performance.now() + withinMs;
    while (!isReached()) {
      if (performance.now() > end) return false;
      await Promise.race([this.#news.promise, pause(100)]);
    }
    return true;
  }
}
