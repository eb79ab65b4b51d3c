/**
 * Links on an ordinary web site: a WebSocket at a path of it, in which both sides speak TLS of their own. For nodes
 * before which TLS ends (a web server, a network that delivers sites), and for lines that let only the web through.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { decodeBase64Url, encodeBase64Url } from '../../lib/base64.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Certificate } from '../../ports/certificates.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Crypto } from '../../ports/crypto.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import { MESSAGE_BYTES_MAX, MessageStream } from './message-stream.ts';

/** A place of the web at which a peer is called. */
export interface SitePlace {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** With what follows a question mark. */
  readonly path: string;
}

type Parts = { readonly crypto: Crypto; readonly random: Random; readonly clock: Clock };

const COOKIE = 'sid';
const NONCE_BYTES = 16;
const MAC_BYTES = 16;
const MAC_CONTEXT = 'postern-link-1 site';
const ANSWER_MAX_MS = 10_000;
const PORT_OF_HTTPS = 443;
/** Calls whose TLS is not there yet. */
const CALLS_MAX = 64;

/** The place of a `wss:` URL with a path; `undefined` for any other text. */
export function parseSite(text: string): SitePlace | undefined {
  const url = text.startsWith('wss://') ? URL.parse(text) : null;
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: url.port === '' ? PORT_OF_HTTPS : Number(url.port), path: url.pathname + url.search };
}

/** What a caller shows in a cookie: that it knows the public key of the node, which no page of the site tells. */
export function writePass(nodeKey: Uint8Array, { crypto, random }: Pick<Parts, 'crypto' | 'random'>): string {
  const nonce = random.bytes(NONCE_BYTES);
  return encodeBase64Url(Buffer.concat([nonce, macOf(nodeKey, nonce, crypto)]));
}

/** Whether a request shows that its sender knows `nodeKey`. */
export function hasPass({ headers }: Pick<IncomingMessage, 'headers'>, nodeKey: Uint8Array, crypto: Crypto): boolean {
  const [, text] = /(?:^|; ?)sid=([A-Za-z0-9_-]{43})(?:;|$)/.exec(headers.cookie ?? '') ?? [];
  const bytes = text === undefined ? undefined : decodeBase64Url(text);
  if (bytes?.length !== NONCE_BYTES + MAC_BYTES) return false;
  return crypto.equals(macOf(nodeKey, bytes.subarray(0, NONCE_BYTES), crypto), bytes.subarray(NONCE_BYTES));
}

function macOf(nodeKey: Uint8Array, nonce: Uint8Array, crypto: Crypto): Uint8Array {
  const message = Buffer.concat([Buffer.from(`${MAC_CONTEXT}\0`, 'ascii'), nonce]);
  return crypto.hmacSha256(nodeKey, message).subarray(0, MAC_BYTES);
}

/**
 * Calls a node over a connection with its site, and speaks TLS 1.3 with it inside. Rejects with an
 * {@link OperationError}: `not authenticated` where the site takes no such call, `no connection`, `timed out`,
 * `cancelled`.
 */
export async function callSite(
  connection: Duplex,
  { place, nodeKey, signal }: { readonly place: SitePlace; readonly nodeKey: Uint8Array; readonly signal: AbortSignal },
  parts: Parts,
): Promise<TLSSocket> {
  connection.on('error', () => undefined);
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  const socket = new WebSocket(`ws://${host}${place.path}`, {
    createConnection: () => connection,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: MESSAGE_BYTES_MAX,
    headers: {
      Host: place.port === PORT_OF_HTTPS ? host : `${host}:${place.port}`,
      Cookie: `${COOKIE}=${writePass(nodeKey, parts)}`,
    },
  });
  socket.binaryType = 'nodebuffer';
  try {
    await within(parts.clock, signal, (resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', (error) =>
        reject(new OperationError('not authenticated', { temporary: true, cause: error })),
      );
    });
    const stream = new MessageStream(socket, parts.random);
    stream.on('error', () => undefined);
    const secure = connectTls({
      socket: stream,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      // Both sides prove themselves by what this channel exports.
      rejectUnauthorized: false,
    });
    await within(parts.clock, signal, (resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', (error) => reject(new OperationError('no connection', { temporary: true, cause: error })));
      stream.once('close', () => reject(new OperationError('no connection', { temporary: true })));
    });
    // The channel does not always hear of what happens below it.
    stream.once('close', () => secure.destroy());
    return secure;
  } catch (error) {
    socket.on('error', () => undefined);
    socket.terminate();
    connection.destroy();
    throw error;
  }
}

function within(
  clock: Clock,
  signal: AbortSignal,
  wait: (resolve: () => void, reject: (error: OperationError) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', cut);
    };
    const fail = (error: OperationError): void => {
      finish();
      reject(error);
    };
    const cut = (): void => fail(new OperationError('cancelled', { temporary: true }));
    const timer = clock.schedule(ANSWER_MAX_MS, () => fail(new OperationError('timed out', { temporary: true })));
    wait(() => {
      finish();
      resolve();
    }, fail);
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
  });
}

export interface SiteOptions extends Parts {
  /** This node's public key. */
  readonly nodeKey: Uint8Array;
  readonly path: string;
  readonly log: Log;
  /** A certificate that nobody has to trust; asked for at the first call. */
  readonly certificate: () => Promise<Certificate>;
  /** Whether a request inside is the proven call of a peer. */
  recognizes(request: IncomingMessage): boolean;
  take(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
}

/** The side that is called. */
export class Site {
  readonly #options: SiteOptions;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: MESSAGE_BYTES_MAX,
  });
  readonly #inside;
  readonly #open = new Set<WebSocket>();
  #certificate: Promise<Certificate> | undefined;
  #calls = 0;

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#inside = createServer(
      { headersTimeout: ANSWER_MAX_MS, shouldUpgradeCallback: (request) => options.recognizes(request) },
      (request, response) => {
        response.writeHead(404).end();
        request.socket.end();
      },
    );
    this.#inside.on('upgrade', (request, socket, head) => options.take(request, socket, head));
  }

  /** Whether a request at a listener opens a WebSocket of one who knows this node. */
  recognizes(request: IncomingMessage): boolean {
    const { path, nodeKey, crypto } = this.#options;
    if (request.url !== path || request.headers.upgrade?.toLowerCase() !== 'websocket') return false;
    return this.#calls < CALLS_MAX && hasPass(request, nodeKey, crypto);
  }

  /** Answers a request that was recognized. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#calls += 1;
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#welcome(webSocket));
    // Whatever becomes of it, its place is free once it has had its time.
    this.#options.clock.schedule(ANSWER_MAX_MS, () => {
      this.#calls -= 1;
    });
  }

  /** Ends what has been opened. */
  close(): void {
    for (const webSocket of this.#open) webSocket.terminate();
  }

  #welcome(webSocket: WebSocket): void {
    const { clock, random, log } = this.#options;
    this.#open.add(webSocket);
    const stream = new MessageStream(webSocket, random);
    stream.on('error', () => undefined);
    const limit = clock.schedule(ANSWER_MAX_MS, () => stream.destroy());
    stream.on('close', () => {
      limit.cancel();
      this.#open.delete(webSocket);
    });
    this.#secure(stream, () => limit.cancel()).catch((error: unknown) => {
      this.#certificate = undefined;
      log.warn('a link on the site was not taken', { why: error instanceof Error ? error.message : String(error) });
      stream.destroy();
    });
  }

  async #secure(stream: MessageStream, onSecure: () => void): Promise<void> {
    this.#certificate ??= this.#options.certificate();
    const { certificate: cert, key } = await this.#certificate;
    const secureContext = createSecureContext({ cert, key, minVersion: 'TLSv1.3' });
    const secure = new TLSSocket(stream, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    secure.on('error', () => void secure.destroy());
    stream.once('close', () => secure.destroy());
    secure.once('secure', () => {
      onSecure();
      this.#inside.emit('connection', secure);
    });
  }
}
