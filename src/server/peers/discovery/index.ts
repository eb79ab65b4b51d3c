/** Where other servers are reached. `content/server-server-api.md`, "Resolving server names". */
import { OperationError } from '../../../matrix/errors.ts';
import type { ServerName } from '../../../matrix/ids.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Dns } from '../../../ports/dns.ts';
import type { Http, HttpDestination } from '../../../ports/http.ts';
import type { Random } from '../../../ports/random.ts';
import { boundedMap } from '../../bounded-map.ts';
import { type Override, overriddenPlace, servicePlace, statedPlace } from './places.ts';
import { errorLifetime, LIFETIME_MAX_MS, lifetimeOf, readWellKnown } from './well-known.ts';

export { linkedNode, type Override } from './places.ts';

export interface DiscoveryOptions {
  readonly http: Http;
  readonly dns: Dns;
  readonly clock: Clock;
  readonly random: Random;
  readonly overrides: Readonly<Record<string, Override>>;
  /** `network.hosts`: no resolver is asked about the services of these names, which are nobody else's business. */
  readonly hosts: Readonly<Record<string, string>>;
}

/** Servers remembered: more than there are in all rooms of a large server. */
const SERVERS_MAX = 20_000;
/** adv-114: the largest that peers read. */
const WELL_KNOWN_BYTES_MAX = 50 * 1024;
const WELL_KNOWN_TIMEOUT_MS = 10_000;
const REDIRECTS_MAX = 5;
/** How long the records of a service count; the adapter keeps them by their own time. */
const PLACE_MS = 300_000;
/** A place that does not answer is looked up again, but not for every attempt. */
const FORGET_AFTER_MS = 10_000;

interface Place {
  readonly foundAt: number;
  readonly until: number;
  readonly destination: Promise<HttpDestination>;
}

interface Delegation {
  readonly server: ServerName | undefined;
  readonly until: number;
  /** When `server` was told; it is kept through a bad time of the other side. */
  readonly toldAt: number;
  readonly failures: number;
}

const NO_DELEGATION: Delegation = { server: undefined, until: 0, toldAt: 0, failures: 0 };

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #overrides: ReadonlyMap<string, Override>;
  readonly #hosts: ReadonlySet<string>;
  readonly #places = boundedMap<ServerName, Place>(SERVERS_MAX);
  readonly #delegations = boundedMap<string, Delegation>(SERVERS_MAX);

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#overrides = new Map(Object.entries(options.overrides));
    this.#hosts = new Set(Object.keys(options.hosts).map((name) => name.toLowerCase()));
  }

  /** The place of a server; one look-up at a time for each. Rejects with an {@link OperationError}. */
  find(server: ServerName): Promise<HttpDestination> {
    const now = this.#options.clock.monotonic();
    const known = this.#places.get(server);
    if (known !== undefined && known.until > now) return known.destination;
    const destination = this.#resolve(server);
    this.#places.set(server, { foundAt: now, until: Number.POSITIVE_INFINITY, destination });
    const settle = (until: number): void => {
      const place = this.#places.get(server);
      if (place?.destination === destination) this.#places.set(server, { ...place, until });
    };
    destination.then(
      () => settle(this.#options.clock.monotonic() + PLACE_MS),
      () => settle(0),
    );
    return destination;
  }

  /** A server did not answer at its place: at the next question it is looked up anew, if that was not done just now. */
  forget(server: ServerName): void {
    const place = this.#places.get(server);
    if (place === undefined || this.#options.clock.monotonic() - place.foundAt < FORGET_AFTER_MS) return;
    this.#places.delete(server);
    const delegation = this.#delegations.get(server);
    if (delegation !== undefined) this.#delegations.set(server, { ...delegation, until: 0 });
  }

  async #resolve(server: ServerName): Promise<HttpDestination> {
    const override = this.#overrides.get(server);
    if (override !== undefined) return overriddenPlace(server, override);
    const stated = statedPlace(server);
    if (stated !== undefined) return requirePlace(stated, server);
    const delegated = await this.#delegation(server);
    if (delegated === undefined) return await this.#service(server);
    const place = statedPlace(delegated);
    return place === undefined ? await this.#service(delegated) : requirePlace(place, server);
  }

  async #service(host: string): Promise<HttpDestination> {
    const { dns, random } = this.#options;
    if (this.#hosts.has(host.toLowerCase())) return servicePlace(host, { matrixFed: [], matrix: [] }, random);
    const [matrixFed, matrix] = await Promise.all([
      dns.resolveSrv(`_matrix-fed._tcp.${host}`),
      dns.resolveSrv(`_matrix._tcp.${host}`),
    ]);
    return servicePlace(host, { matrixFed: matrixFed.records, matrix: matrix.records }, random);
  }

  /** Step 3: what the host says about where its server is. */
  async #delegation(host: string): Promise<ServerName | undefined> {
    const now = this.#options.clock.monotonic();
    const known = this.#delegations.get(host) ?? NO_DELEGATION;
    if (known.until > now) return known.server;
    const told = await this.#ask(host, known);
    this.#delegations.set(host, told);
    return told.server;
  }

  async #ask(host: string, known: Delegation): Promise<Delegation> {
    const { http, clock } = this.#options;
    const failures = known.failures + 1;
    let isTemporary = true;
    try {
      const answer = await http.request({
        destination: {
          scheme: 'https',
          targets: [{ host, port: 443 }],
          order: 'listed',
          certificateName: host,
          host,
        },
        method: 'GET',
        path: '/.well-known/matrix/server',
        bytesMax: WELL_KNOWN_BYTES_MAX,
        timeoutMs: WELL_KNOWN_TIMEOUT_MS,
        redirectsMax: REDIRECTS_MAX,
      });
      const server = readWellKnown(answer);
      if (server !== undefined) {
        const toldAt = clock.monotonic();
        return { server, until: toldAt + lifetimeOf(answer.headers, clock.now()), toldAt, failures: 0 };
      }
      isTemporary = answer.status >= 500 || answer.status === 429;
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      isTemporary = error.temporary;
    }
    const now = clock.monotonic();
    const isKept = isTemporary && now - known.toldAt < LIFETIME_MAX_MS;
    return {
      server: isKept ? known.server : undefined,
      until: now + errorLifetime(failures),
      toldAt: known.toldAt,
      failures,
    };
  }
}

function requirePlace(place: HttpDestination | 'nowhere', server: ServerName): HttpDestination {
  if (place !== 'nowhere') return place;
  throw new OperationError('name not found', { temporary: false, server });
}
