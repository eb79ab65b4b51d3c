/**
 * A stream of bytes over the messages of a WebSocket: each is the length of its bytes (2, big-endian), the bytes, and
 * what fills it up. Inside is TLS, whose first flights are known by their lengths: those are hidden.
 */
import { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Random } from '../../ports/random.ts';

const LENGTH_BYTES = 2;
const PIECE_BYTES_MAX = 16_384;
/** Messages of a side, from the first on, that are longer than what they carry, and by how much at most. */
const FILLED = { messages: 24, bytes: 1_200 } as const;
/** Longer messages are none of ours. */
export const MESSAGE_BYTES_MAX = LENGTH_BYTES + PIECE_BYTES_MAX + FILLED.bytes;

/** The bytes that a message carries; `undefined` where it is none of ours. */
export function readMessage(message: Buffer): Buffer | undefined {
  if (message.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + message.readUInt16BE(0);
  return end > message.length ? undefined : message.subarray(LENGTH_BYTES, end);
}

/** The message that carries `piece`, of 64 KiB less one byte at most, with `filling` bytes that say nothing. */
export function writeMessage(piece: Uint8Array, filling: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(LENGTH_BYTES + piece.length + filling.length);
  message.writeUInt16BE(piece.length, 0);
  message.set(piece, LENGTH_BYTES);
  message.set(filling, LENGTH_BYTES + piece.length);
  return message;
}

export class MessageStream extends Duplex {
  readonly #socket: WebSocket;
  readonly #random: Random;
  #sent = 0;

  constructor(socket: WebSocket, random: Random) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#random = random;
    socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    socket.on('error', (error) => this.destroy(error));
    // A WebSocket ends in both directions at once.
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const pieces = Math.ceil(chunk.length / PIECE_BYTES_MAX);
    for (let index = 0; index < pieces; index += 1) {
      const piece = chunk.subarray(index * PIECE_BYTES_MAX, (index + 1) * PIECE_BYTES_MAX);
      const isLast = index === pieces - 1;
      this.#socket.send(writeMessage(piece, this.#filling()), (error) => {
        if (isLast) done(error);
      });
    }
    if (pieces === 0) done();
  }

  override _final(done: () => void): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }

  #take(data: RawData, isBinary: boolean): void {
    const bytes = isBinary && Buffer.isBuffer(data) ? readMessage(data) : undefined;
    if (bytes === undefined) this.destroy(new Error('a message that is none of ours'));
    else if (bytes.length > 0 && !this.push(bytes)) this.#socket.pause();
  }

  #filling(): Uint8Array {
    this.#sent += 1;
    if (this.#sent > FILLED.messages) return new Uint8Array(0);
    return this.#random.bytes(this.#random.integer(FILLED.bytes + 1));
  }
}
