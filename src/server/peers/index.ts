/**
 * Other servers: where they are, requests to them, their keys and ours, and who sent what comes from them.
 * The face of the folder.
 */
import type { JsonObject } from '../../matrix/json.ts';
import { parseServerName, type ServerName } from '../../matrix/ids.ts';
import type { SigningKey } from '../../ports/crypto.ts';
import type { Dns } from '../../ports/dns.ts';
import type { Http } from '../../ports/http.ts';
import type { FindServerKey } from '../../rules/signatures/verify.ts';
import type { Context } from '../context.ts';
import { Discovery, linkedNode, type Override } from './discovery/index.ts';
import { type InboundRequest, requireSignature } from './inbound.ts';
import { type LocationLimits, requestLocation } from './locations.ts';
import { FederationPolicy } from './policy.ts';
import { type PeerRequest, type PeerStream, Requests } from './requests.ts';
import { KeyFetcher } from './signing-keys/fetch-keys.ts';
import { KeyRing, type WantedKeys } from './signing-keys/key-ring.ts';
import { type KeyQuery, Notary } from './signing-keys/notary.ts';
import { type OldSigningKey, OwnKeys } from './signing-keys/own-keys.ts';

export { linkedNode } from './discovery/index.ts';
export type { InboundRequest } from './inbound.ts';
export { errorForClient, RemoteError } from './remote-error.ts';
export type { PeerRequest, PeerStream } from './requests.ts';
export type { WantedKeys } from './signing-keys/key-ring.ts';
export type { KeyQuery } from './signing-keys/notary.ts';
export type { OldSigningKey } from './signing-keys/own-keys.ts';

export interface PeersOptions {
  readonly http: Http;
  readonly dns: Dns;
  readonly signingKey: SigningKey;
  readonly oldSigningKeys: readonly OldSigningKey[];
  readonly isEnabled: boolean;
  /** `federation.allow` */
  readonly allow: readonly string[] | null;
  readonly overrides: Readonly<Record<string, Override>>;
  readonly hosts: Readonly<Record<string, string>>;
  readonly trustedKeyServers: readonly ServerName[];
}

export class Peers {
  readonly #context: Context;
  readonly #http: Http;
  readonly #policy: FederationPolicy;
  readonly #ownKeys: OwnKeys;
  readonly #requests: Requests;
  readonly #keyRing: KeyRing;
  readonly #notary: Notary;
  readonly #ownHosts: ReadonlySet<string>;
  readonly #overrides: PeersOptions['overrides'];
  readonly #contacts = new Set<(server: ServerName) => void>();

  constructor(context: Context, options: PeersOptions) {
    const { http, signingKey, oldSigningKeys: oldKeys } = options;
    const { serverName, clock, crypto, random } = context;
    this.#context = context;
    this.#http = http;
    this.#overrides = options.overrides;
    this.#ownHosts = new Set(Object.keys(options.hosts).map((name) => name.toLowerCase()));
    this.#policy = new FederationPolicy(options.isEnabled, options.allow);
    this.#ownKeys = new OwnKeys({ serverName, clock, crypto, signingKey, oldKeys });
    const discovery = new Discovery({ ...options, clock, random });
    const shared = { context, policy: this.#policy, ownKeys: this.#ownKeys };
    this.#requests = new Requests({ ...shared, http, discovery });
    const fetcher = new KeyFetcher(context, this.#requests);
    this.#keyRing = new KeyRing({ ...shared, fetcher, notaries: options.trustedKeyServers });
    this.#notary = new Notary({ ...shared, keyRing: this.#keyRing });
  }

  /** Whether this server talks with `server` at all. */
  allows(server: ServerName): boolean {
    return this.#policy.allows(server);
  }

  /**
   * A signed request; the answer as a JSON object, in which numbers that canonical JSON forbids are kept as they were
   * written. Rejects with a {@link RemoteError} for an answer that is an error, else with an `OperationError`.
   */
  request(server: ServerName, request: PeerRequest): Promise<JsonObject> {
    return this.#requests.json(server, request);
  }

  /** The same with the bytes of the answer: for what is cut into events before it is parsed. */
  requestBytes(server: ServerName, request: PeerRequest): Promise<Uint8Array> {
    return this.#requests.bytes(server, request);
  }

  /** The same with the answer as it arrives: for joins and media. */
  requestStream(server: ServerName, request: PeerRequest): Promise<PeerStream> {
    return this.#requests.stream(server, request);
  }

  /**
   * What lies at an URL that another server has named, unsigned and through the same gate. Rejects with an
   * `OperationError` of that server.
   */
  requestLocation(server: ServerName, location: string, limits: LocationLimits): Promise<PeerStream> {
    return requestLocation(server, location, { http: this.#http, ownHosts: this.#ownHosts, ...limits });
  }

  /** Fetches the keys that are not known yet, as far as they can be had; the function finds those that are. */
  ensureKeys(wanted: readonly WantedKeys[]): Promise<FindServerKey> {
    return this.#keyRing.ensure(wanted);
  }

  /** What we publish about our keys. */
  publishedKeys(): JsonObject {
    return this.#ownKeys.published();
  }

  /** Keys of other servers, signed by us beside them. */
  queryKeys(queries: readonly KeyQuery[]): Promise<JsonObject[]> {
    return this.#notary.query(queries);
  }

  /** The server that sent a request. Throws `M_UNAUTHORIZED` or `M_FORBIDDEN`. */
  async verifyRequest(request: InboundRequest): Promise<ServerName> {
    const server = await requireSignature(request, {
      context: this.#context,
      policy: this.#policy,
      keyRing: this.#keyRing,
    });
    for (const listener of this.#contacts) listener(server);
    return server;
  }

  /** Calls `listener` whenever a server has shown that it is there. */
  onContact(listener: (server: ServerName) => void): void {
    this.#contacts.add(listener);
  }

  /** A link to a node is there: so are the servers that are reached over it, though they have not called. */
  noteReachable(node: string): void {
    for (const [name, { connect }] of Object.entries(this.#overrides)) {
      const server = connect.some((one) => linkedNode(one) === node) ? parseServerName(name) : undefined;
      if (server === undefined) continue;
      for (const listener of this.#contacts) listener(server);
    }
  }

  /** Cuts what is on its way. */
  close(): Promise<void> {
    return this.#http.close();
  }
}
