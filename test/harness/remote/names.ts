/** Where servers are, by their names: what DNS and delegation would tell, as a table that tests fill. */

export interface ServerPlace {
  readonly address: string;
  readonly port: number;
  /** The name that the certificate must be valid for. */
  readonly hostname: string;
}

const LOOPBACK = '127.0.0.1';

export class NameTable {
  readonly #places = new Map<string, { readonly address: string; readonly port: number }>();

  /** `name` listens on this port of loopback from now on. */
  set(name: string, port: number, address: string = LOOPBACK): void {
    this.#places.set(name, { address, port });
  }

  /** Nobody finds `name` any more. */
  delete(name: string): void {
    this.#places.delete(name);
  }

  /** The port of a name; of one that is not in the table, the port that it names itself (`localhost:1234`). */
  find(name: string): ServerPlace | undefined {
    const [, hostname = name, explicit] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(name) ?? [];
    const isLoopback = hostname === 'localhost' || hostname === LOOPBACK;
    const known = this.#places.get(name);
    if (known !== undefined) return { ...known, hostname };
    return isLoopback && explicit !== undefined ? { address: LOOPBACK, port: Number(explicit), hostname } : undefined;
  }
}
