/** Reads the outbound events in order and hands each to the servers that are to get it. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { OutboundEventRow, StreamPosition } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Place } from './place.ts';

const PAGE = 200;
const RETRY_MS = 1000;

export class Dispatcher {
  readonly #context: Context;
  readonly #route: (server: ServerName, row: OutboundEventRow) => void;
  #dispatched: Place = 0;
  #isRunning = false;
  #hasNews = false;
  #isClosed = false;

  constructor(context: Context, route: (server: ServerName, row: OutboundEventRow) => void) {
    this.#context = context;
    this.#route = route;
  }

  /** Everything up to here has been handed out. */
  get dispatched(): Place {
    return this.#dispatched;
  }

  /** Goes on behind `from`; resolves when everything that is there now has been handed out. */
  async start(from: Place): Promise<void> {
    this.#dispatched = from;
    await this.#run();
  }

  /** There may be something new. */
  wake(): void {
    this.#hasNews = true;
    if (this.#isRunning || this.#isClosed) return;
    void this.#run();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      do {
        this.#hasNews = false;
        await this.#dispatchUpTo(this.#context.store.position);
      } while (this.#hasNews && !this.#isClosed);
    } catch (error) {
      this.#context.log.error('outbound events could not be read', error);
      this.#context.clock.schedule(RETRY_MS, () => this.wake());
    } finally {
      this.#isRunning = false;
    }
  }

  async #dispatchUpTo(end: StreamPosition): Promise<void> {
    const { federation } = this.#context.store;
    while (this.#dispatched < end && !this.#isClosed) {
      const rows = await federation.listOutboundEvents(this.#dispatched, end, PAGE);
      for (const row of rows) {
        const servers = new Set(await federation.listServersInRoomAt(row.room, row.position));
        if (row.also !== undefined) servers.add(row.also);
        servers.delete(this.#context.serverName);
        // Nobody would take it: the next run begins with it.
        if (this.#isClosed) return;
        // From here to the end of this turn nothing waits: a destination sees the row and the new position at once.
        for (const server of servers) this.#route(server, row);
        this.#dispatched = row.position;
      }
      if (rows.length < PAGE) this.#dispatched = end;
    }
  }
}
