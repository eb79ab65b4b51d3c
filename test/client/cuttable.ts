/** A line to the server that can be cut: a relay on a port of its own that drops everything while it is. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttableLine {
  readonly url: string;
  readonly port: number;
  setCut(isCut: boolean): void;
  /** Keeps every connection and passes nothing on, as a border that drops packets does. */
  setFrozen(isFrozen: boolean): void;
  close(): void;
}

/** Opens a relay to `target`, an address of loopback, or to what it gives for each connection. */
export async function openCuttableLine(target: string | (() => string)): Promise<CuttableLine> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let isFrozen = false;
  const dropAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    if (isFrozen) {
      sockets.add(near);
      near.on('error', () => near.destroy());
      near.on('close', () => sockets.delete(near));
      return;
    }
    const { port, hostname } = new URL(typeof target === 'string' ? target : target());
    const far = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname);
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
      socket.on('data', (chunk: Buffer) => {
        if (!isFrozen && !other.write(chunk)) socket.pause();
      });
      other.on('drain', () => socket.resume());
      socket.on('end', () => other.end());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: ownPort } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${ownPort}`,
    port: ownPort,
    setCut(next) {
      isCut = next;
      if (next) dropAll();
    },
    setFrozen(next) {
      isFrozen = next;
    },
    close() {
      dropAll();
      server.close();
    },
  };
}
