/** Connections by destination, kept alive between requests. */
import type { Socket } from 'node:net';
import type * as Undici from 'undici';
import type { Pool } from 'undici';
import { assert } from '../../lib/assert.ts';
import type { HttpDestination } from '../../ports/http.ts';
import type { ConnectionMemory, Connector } from './connector.ts';
import { asFailure } from './failure.ts';

/** Of one destination: a transaction, a few questions, a download. */
const CONNECTIONS_MAX = 8;
/** Destinations that are remembered; those of the big rooms come and go. */
const POOLS_MAX = 1_000;
const IDLE_MS = 30_000;

interface Entry {
  readonly pool: Pool;
  readonly controller: AbortController;
}

export class Pools {
  readonly #connector: Connector;
  readonly #entries = new Map<string, Entry>();
  /** The names under which they are kept: a server that is talked with often keeps the same destination. */
  readonly #keys = new WeakMap<HttpDestination, string>();
  #undici: typeof Undici | undefined;

  constructor(connector: Connector) {
    this.#connector = connector;
  }

  /** The pool of a destination; what differs in anything shares no connection. */
  async get(destination: HttpDestination): Promise<Pool> {
    // It takes a tenth of a second and thirty megabytes: whoever talks with nobody does without.
    this.#undici ??= await import('undici');
    const key = this.#keyOf(destination);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // The map's order is that of their last use.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.pool;
    }
    const made = this.#make(destination, this.#undici.Pool);
    this.#entries.set(key, made);
    if (this.#entries.size > POOLS_MAX) this.#forgetIdle();
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
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { controller } of entries) controller.abort();
    await Promise.all(entries.map(({ pool }) => pool.destroy()));
  }

  #make(destination: HttpDestination, Made: typeof Pool): Entry {
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

  #forgetIdle(): void {
    for (const [key, { pool }] of this.#entries) {
      if (pool.stats.size > 0) continue;
      this.#entries.delete(key);
      void pool.destroy();
      if (this.#entries.size <= POOLS_MAX) return;
    }
    assert(this.#entries.size <= 2 * POOLS_MAX, 'fewer exchanges at a time than destinations');
  }
}
