/**
 * The front on a home line: whoever asks for one of our own names is passed on, TLS untouched, to the server that has
 * the name's certificate; everybody else finds the ordinary small site that this machine has. DEPLOYMENT §8.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { errorCode } from '../../lib/error-code.ts';
import type { Certificate, LiveCertificate } from '../../ports/certificates.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { networkOf } from '../networks.ts';
import { pump } from './pump.ts';
import { Rate } from './rate.ts';
import { finish, Shadow } from './shadow.ts';

export interface RelayLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Of both directions together; 0 for no bound. */
  readonly bytesPerSecond: number;
}

/** Peers that dial this relay, for a server that nobody can dial. */
export interface RelayUpgrades {
  /** Whether a request is the proven call of a peer; every other one is for the site. */
  recognizes(request: IncomingMessage): boolean;
  /** Takes the connection of a recognized request over. */
  take(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
}

export interface RelayOptions {
  readonly address: string;
  readonly port: number;
  /** Names that are passed on, in lower case. */
  readonly names: ReadonlySet<string>;
  /** What the site shows as its certificate. */
  readonly site: LiveCertificate;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** None where nobody dials this relay. */
  readonly upgrades?: RelayUpgrades | undefined;
  /** Answers as the site. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Opens the way to the server; `network` is that of the client. Rejects where it is not there. */
  open(network: string, signal: AbortSignal): Promise<Duplex>;
}

/** "8 KB cap, 5 s": until it is known whom a client wants to speak with. */
const CHOICE_MAX_MS = 5_000;
/** Until the way to the server is open. */
const OPEN_MAX_MS = 5_000;
/** Connections of which it is not known yet. */
const UNDECIDED_MAX = 200;
/** Clients that count as one: an IPv4 address, an IPv6 address's /64. */
const NETWORK = { four: 32, six: 64 } as const;
/** A connection on which nothing moves. */
const IDLE_MAX_MS = 900_000;
/** What a web server says to plain HTTP at the port of TLS. */
const PLAIN_HTTP =
  '<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head><body><h1>400 Bad Request</h1>' +
  'The plain HTTP request was sent to HTTPS port</body></html>\n';

export class Relay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #site: HttpServer;
  #context: SecureContext;
  readonly #rate: Rate;
  readonly #open = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  readonly #abort = new AbortController();
  #undecided = 0;

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#context = contextOf(options.site.current);
    options.site.onRenewed((next) => {
      this.#context = contextOf(next);
    });
    this.#rate = new Rate(options.clock, options.limits.bytesPerSecond);
    const { upgrades } = options;
    this.#site = createHttpServer(
      {
        headersTimeout: 10_000,
        maxHeaderSize: 16_384,
        // Whoever proves nothing gets the answer of the site to such a request.
        shouldUpgradeCallback: (request) => upgrades?.recognizes(request) === true,
      },
      (request, response) => options.answer(request, response),
    );
    this.#site.on('upgrade', (request, socket, head) => upgrades?.take(request, socket, head));
    // Nobody's proxy.
    this.#site.on('connect', (_, socket: Duplex) => {
      socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#take(socket));
    options.metrics.gauge('postern_relay_connections', 'Connections at the relay.', () => this.#open.size);
  }

  /** Opens the port; rejects with the system's error where it is taken or not ours. */
  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject);
      relay.#server.listen(options.port, options.address, () => {
        relay.#server.off('error', reject);
        resolve();
      });
    });
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** Closes the port and every connection. */
  async close(): Promise<void> {
    this.#abort.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #take(socket: Socket): void {
    const address = networkOf(socket.remoteAddress ?? '', NETWORK);
    const { connections, connectionsPerAddress } = this.#options.limits;
    const ofAddress = this.#perAddress.get(address) ?? 0;
    // Whatever breaks is told by the close that follows.
    socket.on('error', () => undefined);
    if (this.#open.size >= connections || ofAddress >= connectionsPerAddress || this.#undecided >= UNDECIDED_MAX) {
      finish(socket);
      socket.on('end', () => socket.destroy());
      this.#options.clock.schedule(CHOICE_MAX_MS, () => socket.destroy());
      return;
    }
    this.#open.add(socket);
    this.#perAddress.set(address, ofAddress + 1);
    socket.setTimeout(IDLE_MAX_MS, () => socket.destroy());
    socket.on('close', () => {
      this.#open.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
    });
    this.#choose(socket, address);
  }

  /** Lets the site's own TLS read whom the client wants to speak with. */
  #choose(socket: Socket, address: string): void {
    const shadow = new Shadow(socket);
    let isDecided = false;
    const decide = (): void => {
      if (isDecided) return;
      isDecided = true;
      this.#undecided -= 1;
      timer.cancel();
    };
    this.#undecided += 1;
    const timer = this.#options.clock.schedule(CHOICE_MAX_MS, () => {
      decide();
      finish(socket);
      this.#options.clock.schedule(CHOICE_MAX_MS, () => socket.destroy());
    });
    socket.on('close', decide);
    const secure = new TLSSocket(shadow, {
      isServer: true,
      secureContext: this.#context,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, goOn) => {
        decide();
        const isOurs = this.#options.names.has(name.toLowerCase()) && shadow.isWhole;
        const stay = (): void => {
          shadow.keepNoMore();
          goOn(null);
        };
        if (!isOurs) stay();
        else void this.#pass({ shadow, secure, address, stay });
      },
    });
    secure.on('error', (error) => {
      decide();
      if (errorCode(error) === 'ERR_SSL_HTTP_REQUEST') refusePlain(socket);
      secure.destroy();
    });
    // Whoever goes before the handshake is over is not waited for.
    const leave = (): void => void secure.destroy();
    secure.once('end', leave);
    secure.once('secure', () => {
      secure.off('end', leave);
      decide();
      shadow.keepNoMore();
      this.#site.emit('connection', secure);
    });
  }

  /** Passes the connection on, or lets the site go on with it where the server is not there. */
  async #pass(one: { shadow: Shadow; secure: TLSSocket; address: string; stay: () => void }): Promise<void> {
    const { clock, log, open } = this.#options;
    const limit = new AbortController();
    const timer = clock.schedule(OPEN_MAX_MS, () => limit.abort());
    let upstream: Duplex;
    try {
      upstream = await open(one.address, AbortSignal.any([this.#abort.signal, limit.signal]));
    } catch (error) {
      log.warn('the relay does not reach its server', { why: error instanceof Error ? error.message : String(error) });
      one.stay();
      return;
    } finally {
      timer.cancel();
    }
    const hasLeft = one.secure.destroyed;
    const { socket, first } = one.shadow.detach();
    one.secure.destroy();
    if (socket.destroyed || hasLeft) {
      upstream.destroy();
      return;
    }
    upstream.write(first);
    pump(socket, upstream, { clock, rate: this.#rate });
  }
}

function contextOf({ certificate, key }: Certificate): SecureContext {
  return createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
}

function refusePlain(socket: Socket): void {
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: text/html',
    `Content-Length: ${PLAIN_HTTP.length}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${PLAIN_HTTP}`);
}
