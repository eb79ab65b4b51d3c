/** Connections by destination, kept alive between requests. */
import type { Socket } from 'node:net';
import type * as Undici from 'undici';
import type { Pool } from 'undici';
import { assert, present } from '../../lib/assert.ts';
import type { HttpDestination } from '../../ports/http.ts';
import type { ConnectionMemory, Connector } from './connector.ts';
import { asFailure } from './failure.ts';

/** Of one destination: a transaction, a few questions, a download. */
const CONNECTIONS_MAX = 8;
/** Destinations that are remembered. A connection that is kept takes some 150 kB, and it is not kept for long. */
const POOLS_MAX = 2_000;
/** How far apart those are that are looked at for one to put away: a prime, so that in the end all of them are. */
const STRIDE = 7_919;
/** How many are looked at: at most half of them are in use, so that one of these hardly ever is not. */
const LOOKS_MAX = 32;
const IDLE_MS = 30_000;

type RequestOptions = Parameters<Pool['request']>[0];
type PoolAnswer = Awaited<ReturnType<Pool['request']>>;

interface Entry {
  readonly key: string;
  readonly pool: Pool;
  readonly controller: AbortController;
  /** Its place in the list of all. */
  index: number;
}

export class Pools {
  readonly #connector: Connector;
  readonly #max: number;
  readonly #entries = new Map<string, Entry>();
  readonly #list: Entry[] = [];
  #hand = 0;
  /** The names under which they are kept: a server that is talked with often keeps the same destination. */
  readonly #keys = new WeakMap<HttpDestination, string>();
  #undici: typeof Undici | undefined;

  constructor(connector: Connector, max = POOLS_MAX) {
    this.#connector = connector;
    this.#max = max;
  }

  /** How many destinations are remembered. */
  get size(): number {
    return this.#list.length;
  }

  /** Sends a request over a connection of its destination; what differs in anything shares none. */
  async request(destination: HttpDestination, options: RequestOptions): Promise<PoolAnswer> {
    // It takes a tenth of a second and thirty megabytes: whoever talks with nobody does without.
    this.#undici ??= await import('undici');
    // Nothing may come between finding the pool and using it: a pool that is not in use may be put away.
    return await this.#poolOf(destination, this.#undici.Pool).request(options);
  }

  #poolOf(destination: HttpDestination, Made: typeof Pool): Pool {
    const key = this.#keyOf(destination);
    const known = this.#entries.get(key);
    if (known !== undefined) return known.pool;
    if (this.#list.length >= this.#max) this.#forgetOne();
    const made = { key, ...this.#make(destination, Made), index: this.#list.length };
    this.#entries.set(key, made);
    this.#list.push(made);
    return made.pool;
  }

  #keyOf(destination: HttpDestination): string {
    let key = this.#keys.get(destination);
    if (key === undefined) {
      const { scheme, targets, order, certificateName, host, pin, isOwners } = destination;
      key = JSON.stringify([scheme, targets, order, certificateName, host, pin ?? null, isOwners ?? false]);
      this.#keys.set(destination, key);
    }
    return key;
  }

  async close(): Promise<void> {
    const entries = this.#list.splice(0);
    this.#entries.clear();
    for (const { controller } of entries) controller.abort();
    await Promise.all(entries.map(({ pool }) => pool.destroy()));
  }

  #make(destination: HttpDestination, Made: typeof Pool): Pick<Entry, 'pool' | 'controller'> {
    const controller = new AbortController();
    const memory: ConnectionMemory = {};
    // The URL is for form's sake: the connector knows where to go, and every request says its Host.
    const pool = new Made(`${destination.scheme}://destination.invalid`, {
      connections: CONNECTIONS_MAX,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // The deadline of each exchange counts instead.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_, callback) => void this.#connect({ destination, memory, signal: controller.signal }, callback),
    });
    return { pool, controller };
  }

  async #connect(
    { destination, memory, signal }: { destination: HttpDestination; memory: ConnectionMemory; signal: AbortSignal },
    callback: (...result: [null, Socket] | [Error, null]) => void,
  ): Promise<void> {
    let socket: Socket;
    try {
      socket = await this.#connector.connect(destination, memory, signal);
    } catch (error) {
      callback(asFailure(error, 'no connection'), null);
      return;
    }
    callback(null, socket);
  }

  /**
   * Puts away one that is not in use, whichever: servers of a large room are sent to in turn, and the one that was used
   * longest ago is the one that is needed next.
   */
  #forgetOne(): void {
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      this.#hand = (this.#hand + STRIDE) % this.#list.length;
      const entry = this.#list[this.#hand];
      if (entry === undefined || entry.pool.stats.size > 0) continue;
      const last = present(this.#list.pop(), 'the list has an entry');
      last.index = entry.index;
      if (last !== entry) this.#list[entry.index] = last;
      this.#entries.delete(entry.key);
      void entry.pool.destroy();
      return;
    }
    assert(this.#list.length <= 2 * this.#max, 'fewer exchanges at a time than destinations');
  }
}
