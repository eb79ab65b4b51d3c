/** Servers of a few lines for tests of outgoing requests: on loopback, closed after the tests of the file. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';
import { after } from 'node:test';

/** Starts a server that speaks HTTP, encrypted where a certificate is given. Its port. */
export async function startPlace(
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
  tls?: ServerOptions & { readonly certificate: string },
  address = '127.0.0.1',
): Promise<number> {
  const listener: RequestListener = (request, response) => void handle(request, response);
  const server =
    tls === undefined ? createServer(listener) : createTlsServer({ cert: tls.certificate, ...tls }, listener);
  return await listen(server, address);
}

/** Starts a server that hands over every connection as it is. Its port. */
export async function startRawPlace(handle: (socket: Socket) => void, address = '127.0.0.1'): Promise<number> {
  return await listen(createNetServer(handle), address);
}

/** A port of loopback at which nobody listens. */
export async function closedPort(address = '127.0.0.1'): Promise<number> {
  const server = createNetServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, address, () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

async function listen(server: Server, address: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
