/** The Http port over undici. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Pool } from 'undici';
import { assert } from '../../lib/assert.ts';
import { errorCode } from '../../lib/error-code.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dns } from '../../ports/dns.ts';
import type { Http, HttpAnswer, HttpDestination, HttpPlace, HttpRequest, HttpStream } from '../../ports/http.ts';
import { AddressGate } from './address-gate.ts';
import { Connector, type ConnectorDestination, type Egress } from './connector.ts';
import { Deadline, Slots } from './exchange.ts';
import { asFailure, failure } from './failure.ts';
import { Pools } from './pools.ts';
import { parseProxy } from './proxy.ts';
import { nextHop } from './redirect.ts';
import { lazySecureContext } from './trust.ts';

export interface HttpOptions {
  readonly clock: Clock;
  readonly dns: Dns;
  /** Name → address, before any look-up. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly denyRanges: readonly string[];
  /** Further authorities to trust, as PEM. */
  readonly extraCa: readonly string[];
  readonly proxy: string | null;
  /** How we name ourselves: `Postern/1.0`. */
  readonly userAgent: string;
  /** Opens a stream to the node at the other end of a link, for targets that name one. */
  readonly openLink?: (node: string, signal: AbortSignal) => Promise<Duplex>;
  /** Nodes that make the connections to some hosts instead of this one. */
  readonly egress?: Egress;
}

export interface Outgoing {
  readonly http: Http;
  /** A plain connection to a place that the owner names. Rejects with an {@link OperationError}. */
  connectTo(place: HttpPlace, signal: AbortSignal): Promise<Socket>;
  /** The same to a place that somebody else names: the gate looks at its address. */
  connectOutside(place: HttpPlace, signal: AbortSignal): Promise<Socket>;
  /**
   * A connection with TLS 1.3 to one of these places, which asks for `serverName`, or for nobody, and trusts nobody:
   * for sides that prove themselves inside it. Rejects with an {@link OperationError}.
   */
  dialNode(places: readonly HttpPlace[], serverName: string | undefined, signal: AbortSignal): Promise<TLSSocket>;
  /** TLS with a site that the owner names; its certificate must be right. Rejects with an {@link OperationError}. */
  dialSite(place: HttpPlace, signal: AbortSignal): Promise<TLSSocket>;
}

/**
 * Transactions to servers that do not answer wait for a minute, some 800 of them (federation/outbound): there is room
 * for others beside them. Node raises its limit of file descriptors as far as the system allows.
 */
const EXCHANGES_MAX = 1_000;
const PLAIN = { scheme: 'http', order: 'race', host: '', certificateName: '' } as const;
/** Methods that may be sent a second time where a kept connection turns out to be closed. */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'PUT', 'DELETE']);

/** Opens the gate. */
export function createHttp(options: HttpOptions): Http {
  return createOutgoing(options).http;
}

/** Opens the gate, for links too. */
export function createOutgoing(options: HttpOptions): Outgoing {
  const { clock, dns, proxy } = options;
  const connector = new Connector({
    clock,
    dns,
    hosts: new Map(Object.entries(options.hosts).map(([name, address]) => [name.toLowerCase(), address])),
    gate: new AddressGate(options.denyRanges),
    proxy: proxy === null ? undefined : parseProxy(proxy),
    secureContext: lazySecureContext(options.extraCa),
    openLink: options.openLink,
    egress: options.egress,
  });
  return {
    http: new Gate(clock, new Pools(connector), options.userAgent),
    connectTo: (place, signal) => connector.connect({ ...PLAIN, targets: [place], isOwners: true }, {}, signal),
    connectOutside: (place, signal) => connector.connect({ ...PLAIN, targets: [place] }, {}, signal),
    dialNode: (targets, serverName, signal) =>
      dialSecurely(connector, { targets, certificateName: serverName ?? '', isProvenInside: true }, signal),
    dialSite: (place, signal) => dialSecurely(connector, { targets: [place], certificateName: place.host }, signal),
  };
}

async function dialSecurely(
  connector: Connector,
  to: Pick<ConnectorDestination, 'targets' | 'certificateName' | 'isProvenInside'>,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const destination = { scheme: 'https', order: 'race', host: '', isOwners: true, ...to } as const;
  const socket = await connector.connect(destination, {}, signal);
  assert(socket instanceof TLSSocket, 'a destination with https is reached over TLS');
  return socket;
}

type Head = Awaited<ReturnType<Pool['request']>>;

class Gate implements Http {
  readonly #clock: Clock;
  readonly #pools: Pools;
  readonly #userAgent: string;
  readonly #slots = new Slots(EXCHANGES_MAX);

  constructor(clock: Clock, pools: Pools, userAgent: string) {
    this.#clock = clock;
    this.#pools = pools;
    this.#userAgent = userAgent;
  }

  async request(request: HttpRequest): Promise<HttpAnswer> {
    const { status, headers, body } = await this.stream(request);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return { status, headers, bytes: Buffer.concat(chunks) };
  }

  async stream(request: HttpRequest): Promise<HttpStream> {
    let hasSlot = false;
    const deadline = new Deadline(this.#clock, request.timeoutMs, {
      signal: request.signal,
      onEnd: () => {
        if (hasSlot) this.#slots.give();
      },
    });
    try {
      if (deadline.reason !== undefined) throw deadline.reason;
      await this.#slots.take(deadline.signal);
      hasSlot = true;
      const head = await this.#follow(request, deadline);
      const headers = headersOf(head);
      checkHead(headers, request.bytesMax);
      // It fails where its exchange is cut off, also while nobody reads it.
      head.body.on('error', () => undefined);
      return {
        status: head.statusCode,
        headers,
        body: boundedBody(head.body, deadline, request.bytesMax),
        cancel: () => {
          deadline.end(failure('cancelled'));
          head.body.destroy();
        },
      };
    } catch (error) {
      const told = deadline.reason ?? asFailure(error, kindOf(error));
      deadline.end(told);
      throw told;
    }
  }

  close(): Promise<void> {
    return this.#pools.close();
  }

  async #follow(request: HttpRequest, deadline: Deadline): Promise<Head> {
    let { destination, path } = request;
    for (let left = request.redirectsMax ?? 0; ; left -= 1) {
      const head = await this.#send(request, destination, path, deadline);
      if ((request.redirectsMax ?? 0) === 0 || request.method !== 'GET') return head;
      const location = headersOf(head).get('location');
      const hop = nextHop(head.statusCode, location, { scheme: destination.scheme, host: destination.host, path });
      if (hop === undefined) return head;
      head.body.on('error', () => undefined).destroy();
      if (hop === 'refused' || left === 0) throw failure('bad answer');
      ({ destination, path } = hop);
    }
  }

  async #send(request: HttpRequest, destination: HttpDestination, path: string, deadline: Deadline): Promise<Head> {
    const { method, headers, body } = request;
    const options = {
      method,
      path,
      headers: {
        ...headers,
        Host: destination.host,
        'User-Agent': this.#userAgent,
        'Accept-Encoding': 'identity',
      },
      signal: deadline.signal,
      ...(body !== undefined && { body }),
    };
    try {
      return await this.#pools.request(destination, options);
    } catch (error) {
      if (!isStale(error) || !REPEATABLE.has(method) || deadline.reason !== undefined) throw error;
      return await this.#pools.request(destination, options);
    }
  }
}

/** A kept connection that the other side has closed meanwhile. */
function isStale(error: unknown): boolean {
  return errorCode(error) === 'UND_ERR_SOCKET';
}

function kindOf(error: unknown): 'bad answer' | 'no connection' {
  const isMalformed = error instanceof Error && error.name === 'HTTPParserError';
  return isMalformed || errorCode(error) === 'UND_ERR_HEADERS_OVERFLOW' ? 'bad answer' : 'no connection';
}

function headersOf(head: Head): ReadonlyMap<string, string> {
  const entries = Object.entries(head.headers).map(([name, value]) => {
    const text = Array.isArray(value) ? value[0] : value;
    return [name.toLowerCase(), text ?? ''] as const;
  });
  return new Map(entries);
}

/** Refuses what need not be read: more than the limit by its own word, or packed although nobody asked for it. */
function checkHead(headers: ReadonlyMap<string, string>, bytesMax: number): void {
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw failure('bad answer');
  if (Number(headers.get('content-length') ?? 0) > bytesMax) throw failure('answer too large');
}

async function* boundedBody(
  body: AsyncIterable<Uint8Array>,
  deadline: Deadline,
  bytesMax: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > bytesMax) throw failure('answer too large');
      yield chunk;
    }
    deadline.end();
  } catch (error) {
    const told = deadline.reason ?? asFailure(error, kindOf(error));
    deadline.end(told);
    throw told;
  } finally {
    // Whoever stops reading early wants the rest no more.
    if (!deadline.isOver) deadline.end(failure('cancelled'));
  }
}
