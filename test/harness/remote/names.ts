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

  /** `name` listens at this port from now on. */
  set(name: string, port: number, address = LOOPBACK): void {
    this.#places.set(name, { address, port });
  }

  /** Nobody finds `name` any more. */
  delete(name: string): void {
    this.#places.delete(name);
  }

  /** The place of a name; of one that is not in the table, the port of loopback that it names itself. */
  find(name: string): ServerPlace | undefined {
    const [, hostname = name, port] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(name) ?? [];
    const known = this.#places.get(name);
    if (known !== undefined) return { ...known, hostname };
    const isLoopback = hostname === 'localhost' || hostname === LOOPBACK;
    return isLoopback && port !== undefined ? { address: LOOPBACK, port: Number(port), hostname } : undefined;
  }
}
