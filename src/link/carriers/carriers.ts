/** The ways to a peer, tried in turn: its places in a race, then the sites on which it is called, in their order. */
import type { TLSSocket } from 'node:tls';
import { present } from '../../lib/assert.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { HttpPlace } from '../../ports/http.ts';
import { splitServerName } from '../../matrix/server-address.ts';
import type { Clock } from '../../ports/clock.ts';
import { callSite, parseSite, type SitePlace } from './site.ts';
import type { Crypto } from '../../ports/crypto.ts';
import type { Random } from '../../ports/random.ts';

/** The connections that carriers are made of. */
export interface Connections {
  /** TLS 1.3 with one of these places, which asks for `serverName`, or for nobody, and trusts nobody. */
  dialNode(places: readonly HttpPlace[], serverName: string | undefined, signal: AbortSignal): Promise<TLSSocket>;
  /** TLS with an ordinary site, whose certificate must be right. */
  dialSite(place: HttpPlace, signal: AbortSignal): Promise<TLSSocket>;
}

export interface CarriersOptions {
  /** `host:port`, and `wss:` URLs. */
  readonly dial: readonly string[];
  readonly serverName?: string | undefined;
  readonly nodeKey: Uint8Array;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly random: Random;
}

type Way = { readonly places: readonly HttpPlace[] } | { readonly site: SitePlace };

export interface Carried {
  readonly socket: TLSSocket;
  /** Which way it is; 0 is the one that is wanted most. */
  readonly way: number;
}

/** So long a way that is not the first is preferred to those before it, after it has worked or they have failed. */
const PREFERRED_MS = 600_000;

export class Carriers {
  readonly #options: CarriersOptions;
  readonly #ways: readonly Way[];
  #preferred: { readonly way: number; readonly until: number } | undefined;

  constructor(options: CarriersOptions) {
    this.#options = options;
    const places = options.dial.filter((text) => parseSite(text) === undefined).map(placeOf);
    const sites = options.dial.flatMap((text) => parseSite(text) ?? []);
    this.#ways = [...(places.length > 0 ? [{ places }] : []), ...sites.map((site) => ({ site }))];
  }

  /** A connection over the way that worked last, or a next one. Rejects with the failure of the last. */
  async dial(signal: AbortSignal): Promise<Carried> {
    let last: unknown = new OperationError('no connection', { temporary: true });
    for (const way of this.#order()) {
      try {
        const socket = await this.#go(this.#ways[way], signal);
        return { socket, way };
      } catch (error) {
        last = error;
        if (signal.aborted) break;
      }
    }
    throw last;
  }

  /** The peer has been met on this way. */
  worked(way: number): void {
    if (this.#preferred?.way !== way) this.#prefer(way);
  }

  /** What this way led to was not the peer, or was lost at once: the next one is tried before it. */
  failed(way: number): void {
    this.#prefer((way + 1) % this.#ways.length);
  }

  #prefer(way: number): void {
    this.#preferred = way === 0 ? undefined : { way, until: this.#options.clock.monotonic() + PREFERRED_MS };
  }

  #order(): number[] {
    const count = this.#ways.length;
    if (this.#preferred !== undefined && this.#preferred.until <= this.#options.clock.monotonic()) {
      this.#preferred = undefined;
    }
    const first = this.#preferred?.way ?? 0;
    return Array.from({ length: count }, (_, index) => (first + index) % count);
  }

  async #go(way: Way | undefined, signal: AbortSignal): Promise<TLSSocket> {
    const { connections, serverName, nodeKey } = this.#options;
    if (way === undefined) throw new OperationError('no connection', { temporary: true });
    if ('places' in way) return await connections.dialNode(way.places, serverName, signal);
    const connection = await connections.dialSite(way.site, signal);
    return await callSite(connection, { place: way.site, nodeKey, signal }, this.#options);
  }
}

/** The place of `host:port`, as a checked configuration has it. */
export function placeOf(text: string): HttpPlace {
  const { host, port } = splitServerName(text);
  return { host, port: present(port, 'the configuration was checked') };
}
