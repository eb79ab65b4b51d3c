/**
 * What a peer reaches through this node: places that the owner lists for it, and nothing else. A peer behind a border
 * has its outgoing connections made here (push services, other servers, authorities), by CONNECT inside a stream.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../ports/clock.ts';
import type { HttpPlace } from '../../ports/http.ts';
import type { Log } from '../../ports/log.ts';
import { pump } from '../relay/pump.ts';
import { Rate } from '../relay/rate.ts';
import { allowedPlace, type EgressRule } from './rules.ts';

/** The purpose of such streams. */
export const EGRESS = 'egress';

/** A stream that a peer has opened. */
export interface EgressStream extends Duplex {
  readonly peer: string;
}

export interface EgressOptions {
  /** Peer → what it may reach. */
  readonly rules: ReadonlyMap<string, readonly EgressRule[]>;
  readonly clock: Clock;
  readonly log: Log;
  /** A plain connection that obeys the address gate. Rejects where there is none. */
  connect(place: HttpPlace, signal: AbortSignal): Promise<Duplex>;
}

const CONNECT_MAX_MS = 10_000;

/** Takes streams of peers. */
export function openEgress(options: EgressOptions): (stream: EgressStream) => void {
  const peers = new WeakMap<Duplex, string>();
  const server = createServer({ headersTimeout: CONNECT_MAX_MS, maxHeaderSize: 2_048 }, (request, response) => {
    response.writeHead(405, { Connection: 'close' }).end();
    request.resume();
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const rules = options.rules.get(peers.get(socket) ?? '') ?? [];
    const place = allowedPlace(request.url ?? '', rules);
    if (place === undefined) {
      options.log.warn('a peer asks for a place that is not listed for it', { peer: peers.get(socket) });
      refuse(socket, '403 Forbidden');
    } else void lead(socket, head, { ...options, place });
  });
  return (stream) => {
    peers.set(stream, stream.peer);
    server.emit('connection', stream);
  };
}

async function lead(
  socket: Duplex,
  head: Buffer,
  { clock, connect, place }: EgressOptions & { readonly place: HttpPlace },
): Promise<void> {
  const limit = new AbortController();
  const cut = (): void => limit.abort();
  const timer = clock.schedule(CONNECT_MAX_MS, cut);
  socket.once('close', cut);
  try {
    const outside = await connect(place, limit.signal);
    if (socket.destroyed) {
      outside.destroy();
      return;
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) outside.write(head);
    pump(socket, outside, { clock, rate: new Rate(clock, 0) });
  } catch {
    refuse(socket, '502 Bad Gateway');
  } finally {
    timer.cancel();
    socket.off('close', cut);
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}
