/** Dialling a peer: a request for an upgrade like any other, in which both sides prove who they are. */
import { request, type IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { OperationError } from '../matrix/errors.ts';
import { EXPORT, readWelcome, type Welcome, writeHello } from './handshake.ts';
import type { Carriers } from './carriers/carriers.ts';
import type { Lane } from './lane.ts';
import type { PeerLinkParts } from './peer-link.ts';

/** Where the proofs stand. */
export const PROOF_HEADER = 'postern-link';
export const UPGRADE = 'postern-link';
const ANSWER_MAX_MS = 10_000;

export interface Called {
  readonly welcome: Welcome;
  readonly socket: TLSSocket;
  /** What came right behind the answer. */
  readonly head: Uint8Array;
  /** By which of the peer's ways it was met. */
  readonly way: number;
}

interface Call {
  readonly lane: Lane;
  readonly index: number;
  readonly carriers: Carriers;
  readonly signal: AbortSignal;
}

/**
 * Calls a peer for a lane. Rejects with an {@link OperationError}: `no connection`, `not authenticated`, `timed out`,
 * `cancelled`.
 */
export async function callPeer(parts: PeerLinkParts, { lane, index, carriers, signal }: Call): Promise<Called> {
  const { config, crypto, seed } = parts;
  const { socket, way } = await carriers.dial(signal);
  // Whatever breaks is told by what waits for it.
  socket.on('error', () => undefined);
  try {
    const binding = socket.exportKeyingMaterial(EXPORT.length, EXPORT.label, Buffer.alloc(0));
    const hello = writeHello(
      {
        dialler: crypto.ed25519PublicKey(seed),
        session: lane.session,
        isNew: lane.isNew,
        lane: index,
        received: lane.received,
      },
      binding,
      { crypto, seed, other: config.key },
    );
    const { response, head } = await ask(parts, { socket, hello, signal });
    const answer = response.headers[PROOF_HEADER];
    const text = typeof answer === 'string' ? answer : '';
    const welcome = readWelcome(text, hello, binding, { crypto, other: config.key });
    if (welcome === undefined) throw new OperationError('not authenticated', { temporary: true });
    carriers.worked(way);
    return { welcome, socket, head, way };
  } catch (error) {
    if (!signal.aborted) carriers.failed(way);
    socket.destroy();
    throw error;
  }
}

function ask(
  { config, path, clock }: PeerLinkParts,
  { socket, hello, signal }: { readonly socket: TLSSocket; readonly hello: string; readonly signal: AbortSignal },
): Promise<{ response: IncomingMessage; head: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const fail = (kind: string, cause?: unknown): void => {
      finish();
      reject(new OperationError(kind, { temporary: true, cause }));
    };
    const finish = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', cut);
    };
    const cut = (): void => {
      call.destroy();
      fail('cancelled');
    };
    const timer = clock.schedule(ANSWER_MAX_MS, () => {
      call.destroy();
      fail('timed out');
    });
    const call = request({
      createConnection: () => socket,
      path,
      headers: {
        Host: config.serverName ?? config.dial[0] ?? '',
        Connection: 'Upgrade',
        Upgrade: UPGRADE,
        [PROOF_HEADER]: hello,
      },
    });
    call.once('upgrade', (response, _, head) => {
      finish();
      resolve({ response, head });
    });
    call.once('response', (response) => {
      response.resume();
      fail('not authenticated', new Error(`it answers with ${response.statusCode}`));
    });
    call.once('error', (error) => fail('no connection', error));
    signal.addEventListener('abort', cut, { once: true });
    call.end();
  });
}
