/** From a destination to one authenticated connection. */
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { createHash } from 'node:crypto';
import type { OperationError } from '../../matrix/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dns } from '../../ports/dns.ts';
import type { HttpDestination, HttpPlace, HttpTarget } from '../../ports/http.ts';
import { type AddressGate, isPrivateAddress } from './address-gate.ts';
import { asFailure, failure } from './failure.ts';
import { connectOver, connectThrough, type Proxy } from './proxy.ts';
import { race } from './race.ts';

/** PERFORMANCE §5.1: "connect time-out 10 s", TLS included. */
const CONNECT_TIMEOUT_MS = 10_000;
/** RFC 8305: "a simple implementation … recommended value is 250 milliseconds". */
const HEAD_START_MS = 250;
/** Of one name: a longer answer only costs time. */
const ADDRESSES_MAX = 8;

export interface ConnectorOptions {
  readonly clock: Clock;
  readonly dns: Dns;
  /** `network.hosts`: the names in lower case. */
  readonly hosts: ReadonlyMap<string, string>;
  readonly gate: AddressGate;
  readonly proxy: Proxy | undefined;
  readonly secureContext: () => SecureContext;
  /** Opens a stream to the node at the other end of a link; without it there are no links. */
  readonly openLink: ((node: string, signal: AbortSignal) => Promise<Duplex>) | undefined;
  /** Which node makes the connections to a host instead of this one. */
  readonly egress?: Egress | undefined;
}

/** Nodes that make connections for this one. */
export interface Egress {
  nodeFor(host: string): string | undefined;
  open(node: string, signal: AbortSignal): Promise<Duplex>;
}

/** Where a connection leads, and what it must show. */
export interface ConnectorDestination extends HttpDestination {
  /**
   * Both sides prove themselves inside the channel: its certificate does not count, and the name that it asks for (SNI)
   * may be empty.
   */
  readonly isProvenInside?: boolean;
}

/** What a destination's next connection may use of its last one. */
export interface ConnectionMemory {
  /** The place that answered: it is tried first. */
  winner?: string;
  session?: Buffer;
}

type Candidate =
  | (HttpPlace & { readonly throughProxy: boolean })
  | { readonly link: string }
  | (HttpPlace & { readonly via: string });

export class Connector {
  readonly #options: ConnectorOptions;
  /** For connections in which both sides prove themselves: made for the first of them. */
  #newest: SecureContext | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /** A connection over which requests may be sent. Rejects with an {@link OperationError}. */
  async connect(destination: ConnectorDestination, memory: ConnectionMemory, signal: AbortSignal): Promise<Socket> {
    const groups = destination.order === 'race' ? [destination.targets] : destination.targets.map((one) => [one]);
    let last: OperationError | undefined;
    for (const targets of groups) {
      try {
        return await this.#connectToOneOf(targets, destination, memory, signal);
      } catch (error) {
        last = asFailure(error, 'no connection');
        if (signal.aborted) break;
      }
    }
    throw last ?? failure('name not found');
  }

  async #connectToOneOf(
    targets: readonly HttpTarget[],
    destination: ConnectorDestination,
    memory: ConnectionMemory,
    signal: AbortSignal,
  ): Promise<Socket> {
    const found = await Promise.all(targets.map((target) => this.#candidatesOf(target, destination.isOwners === true)));
    const candidates = found.flatMap((one) => (Array.isArray(one) ? one : []));
    if (candidates.length === 0) throw found.find((one) => !Array.isArray(one)) ?? failure('name not found');
    const isWinner = (one: Candidate): number => (placeOf(one) === memory.winner ? 0 : 1);
    const ordered = candidates.toSorted((left, right) => isWinner(left) - isWinner(right));
    const { candidate, socket } = await race(ordered, {
      clock: this.#options.clock,
      headStartMs: HEAD_START_MS,
      signal,
      attempt: async (one, given) => ({
        candidate: one,
        socket: await this.#attempt(one, destination, memory, given),
      }),
      discard: (second) => void second.socket.destroy(),
    });
    memory.winner = placeOf(candidate);
    return socket;
  }

  /** The places of a target that may be connected to, or why there are none. */
  async #candidatesOf(target: HttpTarget, isOwners: boolean): Promise<Candidate[] | OperationError> {
    if ('link' in target) return [target];
    const { host, port } = target;
    const { dns, gate, hosts, proxy } = this.#options;
    const own = hosts.get(host.toLowerCase());
    if (own !== undefined) return [this.#candidate(own, port)];
    // The owner of that node has listed what may be reached through it, and its gate looks at the address.
    const via = isOwners ? undefined : this.#options.egress?.nodeFor(host);
    if (via !== undefined) return [{ host, port, via }];
    let addresses: readonly string[] = [host];
    if (isIP(host) === 0) {
      // The proxy looks names up: here they may not even be known.
      if (proxy !== undefined) return [{ host, port, throughProxy: true }];
      addresses = (await dns.resolveAddresses(host)).records;
      if (addresses.length === 0) return failure('name not found');
    }
    const allowed = isOwners ? addresses : addresses.filter((address) => !gate.denies(address));
    if (allowed.length === 0) return failure('address denied');
    return interleave(allowed.slice(0, ADDRESSES_MAX)).map((address) => this.#candidate(address, port));
  }

  #candidate(address: string, port: number): Candidate {
    return { host: address, port, throughProxy: this.#options.proxy !== undefined && !isPrivateAddress(address) };
  }

  async #attempt(
    candidate: Candidate,
    destination: ConnectorDestination,
    memory: ConnectionMemory,
    signal: AbortSignal,
  ): Promise<Socket> {
    const controller = new AbortController();
    const cut = (): void => controller.abort();
    const timer = this.#options.clock.schedule(CONNECT_TIMEOUT_MS, cut);
    signal.addEventListener('abort', cut, { once: true });
    try {
      if ('link' in candidate) return await this.#openLink(candidate.link, controller.signal);
      const socket = await ('via' in candidate
        ? this.#openVia(candidate, controller.signal)
        : this.#open(candidate, controller.signal));
      if (destination.scheme === 'http') return socket;
      return await this.#secure(socket, destination, memory, controller.signal);
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', cut);
    }
  }

  async #openLink(node: string, signal: AbortSignal): Promise<Socket> {
    const { openLink } = this.#options;
    if (openLink === undefined) throw failure('name not found');
    return socketOf(await openLink(node, signal));
  }

  async #openVia({ host, port, via }: HttpPlace & { readonly via: string }, signal: AbortSignal): Promise<Socket> {
    const { egress } = this.#options;
    if (egress === undefined) throw failure('no connection');
    return socketOf(await connectOver(await egress.open(via, signal), { host, port }, signal));
  }

  async #open(
    { host, port, throughProxy }: HttpPlace & { readonly throughProxy: boolean },
    signal: AbortSignal,
  ): Promise<Socket> {
    const { proxy } = this.#options;
    if (throughProxy && proxy !== undefined) return await connectThrough(proxy, { host, port }, signal);
    // The address that was checked is the one that is connected to: nothing looks it up again.
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
    return await settled(socket, 'connect', signal);
  }

  async #secure(
    socket: Socket,
    destination: ConnectorDestination,
    memory: ConnectionMemory,
    signal: AbortSignal,
  ): Promise<Socket> {
    const { certificateName, pin, isProvenInside = false } = destination;
    // Whatever breaks under the encryption is told above it.
    socket.on('error', () => undefined);
    const secure = connectTls({
      socket,
      // A context that is given has its own versions: `minVersion` beside it would count for nothing.
      secureContext: isProvenInside ? this.#newestContext() : this.#options.secureContext(),
      ALPNProtocols: ['http/1.1'],
      // "IP addresses are not valid server names" (RFC 6066).
      ...(isIP(certificateName) === 0 && certificateName !== '' && { servername: certificateName }),
      rejectUnauthorized: pin === undefined && !isProvenInside,
      checkServerIdentity: (_, certificate) => checkServerIdentity(certificateName, certificate),
      ...(pin === undefined && memory.session !== undefined && { session: memory.session }),
    });
    secure.on('session', (session) => {
      memory.session = session;
    });
    try {
      await settled(secure, 'secureConnect', signal);
    } catch (error) {
      delete memory.session;
      throw asFailure(error, 'not authenticated');
    }
    if (pin !== undefined && !hasKey(secure, pin)) {
      secure.destroy();
      throw failure('not authenticated', new Error('the public key is not the pinned one'));
    }
    return secure;
  }

  #newestContext(): SecureContext {
    this.#newest ??= createSecureContext({ minVersion: 'TLSv1.3' });
    return this.#newest;
  }
}

/** HTTP and TLS need no more of a socket than any Duplex has. */
function socketOf(stream: Duplex): Socket {
  return stream as Socket;
}

/** Waits for the event; a socket that fails or takes too long is put away. */
function settled<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      signal.removeEventListener('abort', cut);
      socket.off(event, succeed).off('error', fail).off('close', closed);
    };
    const fail = (error: Error): void => {
      finish();
      // A socket may fail again while it is put away.
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const succeed = (): void => {
      finish();
      resolve(socket);
    };
    const cut = (): void => fail(failure('timed out'));
    const closed = (): void => fail(failure('no connection'));
    socket.once(event, succeed).once('error', fail).once('close', closed);
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
  });
}

function hasKey(socket: TLSSocket, pin: string): boolean {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  if (key === undefined) return false;
  const hash = createHash('sha256').update(key).digest('base64');
  return `sha256/${hash.replace(/=+$/, '')}` === pin.replace(/=+$/, '');
}

function placeOf(candidate: Candidate): string {
  return 'link' in candidate ? `link ${candidate.link}` : `${candidate.host} ${candidate.port}`;
}

/** RFC 8305: addresses of both families in turn, IPv6 first. */
function interleave(addresses: readonly string[]): string[] {
  const six = addresses.filter((one) => isIP(one) === 6);
  const four = addresses.filter((one) => isIP(one) === 4);
  return Array.from({ length: Math.max(six.length, four.length) }, (_, index) => [six[index], four[index]])
    .flat()
    .filter((one) => one !== undefined);
}
