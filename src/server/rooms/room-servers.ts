/**
 * Other servers in a room, by the number of their users who are joined. Of a room of which not all members are known
 * another server has told which servers are there; these count until the members are known.
 */
import type { ServerName } from '../../matrix/ids.ts';

export class RoomServers {
  readonly #joined: Map<ServerName, number>;
  #told: ReadonlySet<ServerName>;

  constructor(joined: ReadonlyMap<ServerName, number>, told: Iterable<ServerName> = []) {
    this.#joined = new Map(joined);
    this.#told = new Set(told);
  }

  get size(): number {
    return this.#told.size === 0 ? this.#joined.size : this.list().length;
  }

  /** The servers in no order. */
  list(): ServerName[] {
    return [...new Set([...this.#joined.keys(), ...this.#told])];
  }

  has(server: ServerName): boolean {
    return this.#joined.has(server) || this.#told.has(server);
  }

  /** How many of its users are joined; of a server that was told, one more than are known. */
  countOf(server: ServerName): number {
    return (this.#joined.get(server) ?? 0) + Number(this.#told.has(server));
  }

  /** The servers that count because they were told. */
  get told(): ReadonlySet<ServerName> {
    return this.#told;
  }

  /** Takes the word of another server for it that these are in the room; without any, members alone count. */
  tell(servers: Iterable<ServerName>): void {
    this.#told = new Set(servers);
  }

  /** Counts users of a server in (+1) or out (-1). */
  count(server: ServerName, change: number): void {
    const count = (this.#joined.get(server) ?? 0) + change;
    if (count > 0) this.#joined.set(server, count);
    else this.#joined.delete(server);
  }
}
