/** Passes connections on as they are, and counts what goes through: TLS and HTTP, in both directions. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listen } from './listen.ts';

export interface Counted {
  readonly connections: number;
  /** From the server under measurement, and to it. */
  readonly bytesOut: number;
  readonly bytesIn: number;
}

export class CountingProxy {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #port = 0;
  #connections = 0;
  #bytesOut = 0;
  #bytesIn = 0;

  constructor(port: number) {
    this.#server = createServer((socket) => this.#pass(socket, port));
  }

  get port(): number {
    return this.#port;
  }

  get counted(): Counted {
    return { connections: this.#connections, bytesOut: this.#bytesOut, bytesIn: this.#bytesIn };
  }

  async open(): Promise<void> {
    this.#port = await listen(this.#server);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #pass(near: Socket, port: number): void {
    this.#connections += 1;
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    near.setNoDelay(true);
    near.on('data', (chunk) => (this.#bytesOut += chunk.length));
    far.on('data', (chunk) => (this.#bytesIn += chunk.length));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#open.delete(one);
        other.destroy();
      });
    }
  }
}
