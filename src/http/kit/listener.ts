/** A listening socket that serves HTTP; with a certificate HTTPS. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/** An address and port (0 lets the system choose), or the path of a socket file. */
export type ListenerPlace = { readonly address: string; readonly port: number } | { readonly socket: string };

export type ListenerOptions = ListenerPlace & {
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
};

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
  const server: Server =
    options.tls === undefined
      ? createServer(LIMITS, onRequest)
      : createTlsServer(
          { ...LIMITS, cert: options.tls.certificate, key: options.tls.key, minVersion: 'TLSv1.2' },
          onRequest,
        );
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
