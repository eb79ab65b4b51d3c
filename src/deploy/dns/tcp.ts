/**
 * The zone over TCP: RFC 1035 §4.2.2, "the message is prefixed with a two byte length field", many in one connection
 * (RFC 7766), answered in the order in which they came.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import type { Answerer } from './answer.ts';
import { sourceOf } from './source-rate.ts';

export interface TcpOptions {
  readonly address: string;
  readonly port: number;
  readonly answerer: Answerer;
  readonly clock: Clock;
  /** Told what becomes of each message. */
  count(outcome: 'answered' | 'dropped'): void;
}

const CONNECTIONS_MAX = 200;
/** From one network, counted as for UDP. */
const CONNECTIONS_PER_NETWORK_MAX = 20;
/** RFC 7766 §6.2.3: "on the order of a few seconds". */
const IDLE_MAX_MS = 10_000;
/** However busy it is. */
const LIFE_MAX_MS = 120_000;
/** No question is as long: a name, an OPT, some options. */
const QUESTION_BYTES_MAX = 4_096;
/** Answers that the other side has not taken: nothing more is answered until it has. */
const UNREAD_BYTES_MAX = 131_072;

export class TcpFront {
  readonly #options: TcpOptions;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #perNetwork = new Map<string, number>();

  private constructor(options: TcpOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#take(socket));
  }

  /** Opens the port; rejects with the system's error where it is taken or not ours. */
  static async start(options: TcpOptions): Promise<TcpFront> {
    const front = new TcpFront(options);
    await new Promise<void>((resolve, reject) => {
      front.#server.once('error', reject);
      front.#server.listen(options.port, options.address, () => {
        front.#server.off('error', reject);
        resolve();
      });
    });
    return front;
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** Closes the port and every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #take(socket: Socket): void {
    // Whatever breaks is told by the close that follows.
    socket.on('error', () => undefined);
    const network = sourceOf(socket.remoteAddress ?? '');
    const ofNetwork = this.#perNetwork.get(network) ?? 0;
    if (this.#open.size >= CONNECTIONS_MAX || ofNetwork >= CONNECTIONS_PER_NETWORK_MAX) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    this.#perNetwork.set(network, ofNetwork + 1);
    const timer = this.#options.clock.schedule(LIFE_MAX_MS, () => socket.destroy());
    socket.setTimeout(IDLE_MAX_MS, () => socket.destroy());
    socket.on('close', () => {
      timer.cancel();
      this.#open.delete(socket);
      const left = (this.#perNetwork.get(network) ?? 1) - 1;
      if (left > 0) this.#perNetwork.set(network, left);
      else this.#perNetwork.delete(network);
    });
    this.#serve(socket);
  }

  #serve(socket: Socket): void {
    let waiting: Buffer = Buffer.alloc(0);
    const work = (): void => {
      while (waiting.length >= 2 && socket.writableLength < UNREAD_BYTES_MAX) {
        const length = waiting.readUInt16BE(0);
        if (length > QUESTION_BYTES_MAX) {
          socket.destroy();
          return;
        }
        if (waiting.length < 2 + length) break;
        const isAnswered = this.#answer(socket, waiting.subarray(2, 2 + length));
        if (!isAnswered) return;
        waiting = waiting.subarray(2 + length);
      }
      if (socket.writableLength >= UNREAD_BYTES_MAX) socket.pause();
      else socket.resume();
    };
    socket.on('data', (chunk: Buffer) => {
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      work();
    });
    socket.on('drain', work);
  }

  /** Whoever sends what gets no answer is not spoken with any longer. */
  #answer(socket: Socket, message: Uint8Array): boolean {
    const answer = this.#options.answerer(message, 'stream')?.message;
    this.#options.count(answer === undefined ? 'dropped' : 'answered');
    if (answer === undefined) {
      socket.destroy();
      return false;
    }
    const framed = Buffer.alloc(2 + answer.length);
    framed.writeUInt16BE(answer.length);
    framed.set(answer, 2);
    return socket.write(framed) || !socket.destroyed;
  }
}
