/** The zone over UDP. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import { type Answerer, answerTruncated } from './answer.ts';
import { SourceRate } from './source-rate.ts';

export interface UdpOptions {
  readonly address: string;
  readonly port: number;
  readonly answerer: Answerer;
  readonly clock: Clock;
  /** Told what becomes of each message. */
  count(outcome: 'answered' | 'limited' | 'dropped'): void;
  /** Told of a socket that broke. */
  onError(error: Error): void;
}

/** Answers that the system has not taken yet; what comes beyond them is lost, as it is on any network. */
const QUEUE_MAX = 1_000;

export class UdpFront {
  readonly #options: UdpOptions;
  readonly #socket: Socket;
  readonly #rate: SourceRate;
  #limited = 0;

  private constructor(options: UdpOptions) {
    this.#options = options;
    this.#socket = createSocket(isIP(options.address) === 6 ? 'udp6' : 'udp4');
    this.#rate = new SourceRate(options.clock);
    this.#socket.on('message', (message, from) => this.#take(message, from));
  }

  /** Opens the port; rejects with the system's error where it is taken or not ours. */
  static async start(options: UdpOptions): Promise<UdpFront> {
    const front = new UdpFront(options);
    await new Promise<void>((resolve, reject) => {
      front.#socket.once('error', reject);
      front.#socket.bind(options.port, options.address, () => {
        front.#socket.off('error', reject);
        front.#socket.on('error', (error) => options.onError(error));
        resolve();
      });
    });
    return front;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Closes the port. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #take(message: Uint8Array, from: RemoteInfo): void {
    if (from.port === 0 || this.#socket.getSendQueueCount() >= QUEUE_MAX) {
      this.#options.count('dropped');
      return;
    }
    const isLimited = !this.#rate.take(from.address);
    const answer = isLimited ? this.#limitedAnswer(message) : this.#options.answerer(message, 'udp')?.message;
    this.#options.count(isLimited ? 'limited' : answer === undefined ? 'dropped' : 'answered');
    // Whoever is gone is told nothing.
    if (answer !== undefined) this.#socket.send(answer, from.port, from.address, () => undefined);
  }

  /** Every other question is told to come back over TCP, which nobody can do from a false address. */
  #limitedAnswer(message: Uint8Array): Uint8Array | undefined {
    this.#limited += 1;
    return this.#limited % 2 === 0 ? answerTruncated(message) : undefined;
  }
}
