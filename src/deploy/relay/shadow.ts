/**
 * A connection whose first bytes are looked at by a TLS server while they are kept. That server is the one that goes on
 * with the connection if it is not passed on: nothing about its answers tells that there was a choice.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** What a client may say before it is known whom it wants to speak with. */
const KEPT_MAX = 16_384;

export class Shadow extends Duplex {
  readonly #socket: Socket;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #isDetached = false;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', this.#take);
    socket.on('end', this.#end);
    socket.on('close', this.#close);
    socket.pause();
  }

  /** Whether what came so far can still be passed on. */
  get isWhole(): boolean {
    return this.#kept !== undefined;
  }

  /** From now on nobody will want what came: the connection stays here. */
  keepNoMore(): void {
    this.#kept = undefined;
  }

  /** Gives the socket back, with everything that came over it; this side of it is over. */
  detach(): { socket: Socket; first: Buffer } {
    this.#isDetached = true;
    const socket = this.#socket;
    socket.off('data', this.#take).off('end', this.#end).off('close', this.#close).pause();
    return { socket, first: Buffer.concat(this.#kept ?? []) };
  }

  override _read(): void {
    if (!this.#isDetached) this.#socket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#isDetached) done();
    else this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#isDetached) this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isDetached) finish(this.#socket);
    done(error);
  }

  readonly #take = (chunk: Buffer): void => {
    if (this.#kept !== undefined) {
      this.#kept.push(chunk);
      this.#keptBytes += chunk.length;
      if (this.#keptBytes > KEPT_MAX) this.#kept = undefined;
    }
    if (!this.push(chunk)) this.#socket.pause();
  };

  readonly #end = (): void => {
    this.push(null);
  };

  readonly #close = (): void => {
    this.destroy();
  };
}

/** Ends a connection without a reset: what still comes is read, and dropped. */
export function finish(socket: Socket): void {
  if (socket.destroyed) return;
  socket.removeAllListeners('data');
  socket.end();
  socket.resume();
}
