/** A line to the server that can be cut: a relay on a port of its own that drops everything while it is. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttableLine {
  readonly url: string;
  setCut(isCut: boolean): void;
  close(): void;
}

/** Opens a relay to `target`, an address of loopback. */
export async function openCuttableLine(target: string): Promise<CuttableLine> {
  const port = Number(new URL(target).port);
  const sockets = new Set<Socket>();
  let isCut = false;
  const dropAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    setCut(next) {
      isCut = next;
      if (next) dropAll();
    },
    close() {
      dropAll();
      server.close();
    },
  };
}
