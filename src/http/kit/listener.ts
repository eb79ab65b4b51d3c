/** A listening socket that serves HTTP; with a certificate HTTPS. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContextOptions, type TlsOptions, TLSSocket } from 'node:tls';
import type { Certificate, LiveCertificate, TlsChallenges } from '../../ports/certificates.ts';

/** An address and port (0 lets the system choose), or the path of a socket file. */
export type ListenerPlace = { readonly address: string; readonly port: number } | { readonly socket: string };

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export type ListenerOptions = ListenerPlace & {
  readonly tls?: LiveCertificate;
  readonly handle: Handle;
  /** Who takes connections over. */
  readonly upgrades?: Upgrades | undefined;
};

/** Requests after which the connection speaks something else. */
export interface Upgrades {
  /** Whether it is one; every other request is answered as if it had asked for no upgrade. */
  recognizes(request: IncomingMessage): boolean;
  /** Answers it, and has the connection from then on. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface Listener {
  /** 0 for a socket file. */
  readonly port: number;
  /** Stops accepting, lets running requests end for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

const LIMITS = {
  // A slow client may take 10 s for its headers; Node's own default is a minute.
  headersTimeout: 10_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
  connectionsCheckingInterval: 5_000,
} as const;

/** Opens the listener; rejects with the system's error where the address is taken or not ours. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const onRequest: RequestListener = (request, response) => void options.handle(request, response);
  const { tls, upgrades } = options;
  const settings = {
    ...LIMITS,
    shouldUpgradeCallback: (request: IncomingMessage) => upgrades?.recognizes(request) === true,
  };
  const server: Server =
    tls === undefined ? createServer(settings, onRequest) : createLiveServer(settings, tls, onRequest);
  if (upgrades !== undefined) server.on('upgrade', (request, socket, head) => upgrades.take(request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const listening = (): void => {
      server.off('error', reject);
      resolve();
    };
    if ('socket' in options) server.listen(options.socket, listening);
    else server.listen(options.port, options.address, listening);
  });
  const address = server.address();
  return {
    port: address === null || typeof address === 'string' ? 0 : address.port,
    close: (graceMs) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** What TLS is served with, from 1.2 on. */
function contextOf({ certificate, key }: Certificate): SecureContextOptions {
  return { cert: certificate, key, minVersion: 'TLSv1.2' };
}

function createLiveServer(settings: ServerOptions, tls: LiveCertificate, onRequest: RequestListener): Server {
  const { challenges } = tls;
  const more = challenges === undefined ? {} : challengeOptions(challenges);
  const server = createTlsServer({ ...settings, ...contextOf(tls.current), ...more }, onRequest);
  tls.onRenewed((next) => server.setSecureContext(contextOf(next)));
  // RFC 8737 §3: the handshake is all that an authority wants; nothing is said after it.
  if (challenges !== undefined) {
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === ACME_PROTOCOL) socket.end();
    });
  }
  return server;
}

/** RFC 8737 §6.2. */
const ACME_PROTOCOL = 'acme-tls/1';

/**
 * Shows what a challenge wants in a handshake that asks for it by protocol and name; every other handshake is as it
 * would be without. With TLS 1.3 the protocol is asked for before the certificate is: no authority needs less.
 */
function challengeOptions(challenges: TlsChallenges): TlsOptions {
  const asking = new WeakSet<object>();
  return {
    ALPNCallback(this: object, { servername, protocols }) {
      const isOpen = protocols.includes(ACME_PROTOCOL) && challenges.find(servername) !== undefined;
      if (isOpen) asking.add(this);
      return isOpen ? ACME_PROTOCOL : protocols.find((one) => one === 'http/1.1');
    },
    SNICallback(this: object, name, goOn) {
      const shown = asking.has(this) ? challenges.find(name) : undefined;
      // Without a context the server's own counts.
      goOn(null, shown === undefined ? undefined : createSecureContext(contextOf(shown)));
    },
  };
}

/** Serves HTTP on streams that come by another way than a socket. */
export function serveStreams(handle: Handle): (stream: Duplex) => void {
  const server = createServer(LIMITS, (request, response) => void handle(request, response));
  return (stream) => void server.emit('connection', stream);
}

/** A stream that names whoever is at its other end. */
export interface NamedStream extends Duplex {
  /** Takes the place of an address, for rate limits. */
  readonly remoteAddress: string;
}

/** Serves HTTPS on such streams. */
export function serveTlsStreams(handle: Handle, tls: LiveCertificate): (stream: NamedStream) => void {
  const serve = serveStreams(handle);
  let secureContext = createSecureContext(contextOf(tls.current));
  tls.onRenewed((next) => {
    secureContext = createSecureContext(contextOf(next));
  });
  return (stream) => {
    const secure = new TLSSocket(stream, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    Object.defineProperty(secure, 'remoteAddress', { value: stream.remoteAddress });
    secure.on('error', () => void secure.destroy());
    secure.once('secure', () => serve(secure));
  };
}
