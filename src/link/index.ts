/**
 * Links between nodes of one owner, or of owners who know each other: streams in both directions over connections that
 * either side may have opened. A node behind a line that lets nobody in dials the others, and is reached over that.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { encodeBase64 } from '../lib/base64.ts';
import { OperationError } from '../matrix/errors.ts';
import type { Certificate } from '../ports/certificates.ts';
import type { Metrics } from '../ports/metrics.ts';
import { PROOF_HEADER, UPGRADE } from './call.ts';
import { Site } from './carriers/site.ts';
import { EXPORT, type Hello, provesHello, readHello, writeWelcome } from './handshake.ts';
import { LANES, type PeerConfig, PeerLink, type PeerLinkParts } from './peer-link.ts';
import type { Opening } from './mux.ts';
import type { LinkStream } from './stream.ts';

export { placeOf } from './carriers/carriers.ts';
export { parseSite } from './carriers/site.ts';
export type { PeerConfig } from './peer-link.ts';
export type { LinkStream } from './stream.ts';

export interface LinksOptions extends Omit<PeerLinkParts, 'name' | 'config' | 'accept' | 'onUp'> {
  readonly peers: ReadonlyMap<string, PeerConfig>;
  readonly metrics: Metrics;
  /** Takes a stream that a peer has opened, for a purpose that it may; false where nothing is there for it. */
  accept(stream: LinkStream): boolean;
  /** For calls on a site, in whose WebSockets both sides speak TLS: a certificate that nobody has to trust. */
  certificate(): Promise<Certificate>;
}

interface Caller {
  readonly peer: PeerLink;
  readonly hello: Hello;
  readonly text: string;
  readonly binding: Uint8Array;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #peers: ReadonlyMap<string, PeerLink>;
  readonly #byKey: ReadonlyMap<string, PeerLink>;
  readonly #site: Site;
  readonly #callers = new WeakMap<IncomingMessage, Caller>();
  readonly #listeners = new Set<(peer: string) => void>();
  #isClosed = false;

  constructor(options: LinksOptions) {
    this.#options = options;
    const links = [...options.peers].map(([name, config]) => {
      const onUp = (): void => {
        for (const listener of this.#listeners) listener(name);
      };
      return new PeerLink({ ...options, name, config, onUp });
    });
    this.#peers = new Map(links.map((link) => [link.name, link]));
    this.#byKey = new Map(links.map((link) => [encodeBase64(link.config.key), link]));
    this.#site = new Site({
      ...options,
      log: options.log,
      nodeKey: options.crypto.ed25519PublicKey(options.seed),
      certificate: () => options.certificate(),
      recognizes: (request) => this.#provesPeer(request),
      take: (request, socket, head) => this.#takePeer(request, socket, head),
    });
    options.metrics.gauge('postern_link_connections', 'Connections of links to other nodes.', () =>
      links.reduce((sum, link) => sum + link.up, 0),
    );
  }

  start(): void {
    for (const link of this.#peers.values()) link.start();
  }

  /** Ends every link; its streams fail, and no peer is recognized any more. */
  close(): void {
    this.#isClosed = true;
    for (const link of this.#peers.values()) link.close();
    this.#site.close();
  }

  /** Opens a stream to a peer. Rejects with an {@link OperationError} where there is none before `signal` ends. */
  async open(peer: string, opening: Opening, signal: AbortSignal): Promise<LinkStream> {
    const link = this.#peers.get(peer);
    if (link === undefined) throw new OperationError('name not found', { temporary: false });
    return await link.open(opening, signal);
  }

  /** The address at which a peer is, as its latest connection shows it. */
  addressOf(peer: string): string | undefined {
    return this.#peers.get(peer)?.address;
  }

  /** Calls `listener` with the name of a peer whenever a connection with it is there. */
  onUp(listener: (peer: string) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Whether a request is the call of a peer: proven over its own TLS channel, or one for a WebSocket that shows that
   * its sender knows this node, and in which it has to prove itself. Everything else is none of ours: whoever probes
   * gets the answer that the site gives anybody.
   */
  recognizes(request: IncomingMessage): boolean {
    if (this.#isClosed) return false;
    return this.#provesPeer(request) || this.#site.recognizes(request);
  }

  /** Answers a call that was recognized, and takes the connection over. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A connection may fail before anybody else listens.
    socket.on('error', () => undefined);
    if (this.#callers.has(request)) this.#takePeer(request, socket, head);
    else this.#site.take(request, socket, head);
  }

  #provesPeer(request: IncomingMessage): boolean {
    const { crypto, path, seed } = this.#options;
    const text = request.headers[PROOF_HEADER];
    const { socket } = request;
    if (this.#isClosed) return false;
    if (typeof text !== 'string' || request.url !== path || request.headers.upgrade !== UPGRADE) return false;
    if (!(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3') return false;
    const hello = readHello(text);
    const peer = hello === undefined ? undefined : this.#byKey.get(encodeBase64(hello.dialler));
    if (hello === undefined || peer === undefined || hello.lane >= LANES) return false;
    const binding = socket.exportKeyingMaterial(EXPORT.length, EXPORT.label, Buffer.alloc(0));
    if (!provesHello(text, binding, { crypto, seed })) return false;
    this.#callers.set(request, { peer, hello, text, binding });
    return true;
  }

  #takePeer(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const caller = this.#callers.get(request);
    socket.on('error', () => undefined);
    if (caller === undefined) {
      socket.destroy();
      return;
    }
    const { peer, hello, text, binding } = caller;
    const { crypto, seed } = this.#options;
    const lane = peer.laneFor(hello);
    const welcome = { isKnown: lane !== undefined, received: lane?.received ?? 0 };
    const proof = writeWelcome(welcome, text, binding, { crypto, seed });
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${UPGRADE}`];
    socket.write(`${[...lines, `${PROOF_HEADER}: ${proof}`].join('\r\n')}\r\n\r\n`);
    if (lane === undefined) socket.end(() => socket.destroy());
    else peer.attach(lane, socket, hello, head);
  }
}
