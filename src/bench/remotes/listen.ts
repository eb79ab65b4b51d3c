/** Listening on loopback. */
import { once } from 'node:events';
import type { Server } from 'node:net';

/** Opens a server at a port, or at one that the system chooses; the port. */
export async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
