/** Other servers in a room, by the number of their users who are joined. */
import type { ServerName } from '../../matrix/ids.ts';

export class RoomServers {
  readonly #joined: Map<ServerName, number>;

  constructor(joined: ReadonlyMap<ServerName, number>) {
    this.#joined = new Map(joined);
  }

  get size(): number {
    return this.#joined.size;
  }

  /** The servers in no order. */
  list(): ServerName[] {
    return [...this.#joined.keys()];
  }

  has(server: ServerName): boolean {
    return this.#joined.has(server);
  }

  /** How many of its users are joined. */
  countOf(server: ServerName): number {
    return this.#joined.get(server) ?? 0;
  }

  /** Counts users of a server in (+1) or out (-1). */
  count(server: ServerName, change: number): void {
    const count = (this.#joined.get(server) ?? 0) + change;
    if (count > 0) this.#joined.set(server, count);
    else this.#joined.delete(server);
  }
}
