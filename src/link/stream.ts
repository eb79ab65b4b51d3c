/** One stream of a link: a Duplex whose two directions are bounded by credit. */
import { Duplex } from 'node:stream';
import { type StreamFrame, FrameError, PAYLOAD_MAX } from './frames.ts';

/** What one side may send before the other side has read any of it. */
const WINDOW = 256 * 1024;
/** Credit is given back in portions. */
const CREDIT_STEP = WINDOW / 4;
/** Small pieces are kept as one, so that they cost what their bytes cost. */
const PIECE_MIN = 4_096;

export interface StreamParts {
  readonly id: number;
  /** What it is for. */
  readonly purpose: string;
  /** Who is at the other end: takes the place of an address. */
  readonly peer: string;
  /** Whom the other end has opened it for. */
  readonly origin?: string | undefined;
  send(frame: StreamFrame): void;
  /** It has data for {@link LinkStream.sendNext}. */
  onReady(stream: LinkStream): void;
  /** Neither side will say anything more. */
  onOver(stream: LinkStream): void;
}

interface Pending {
  readonly bytes: Buffer;
  readonly done: (error?: Error | null) => void;
}

export class LinkStream extends Duplex {
  readonly id: number;
  readonly purpose: string;
  /** The node at the other end. */
  readonly peer: string;
  readonly remoteAddress: string;
  readonly #parts: StreamParts;
  #pending: Pending | undefined;
  #credit = WINDOW;
  readonly #incoming: Buffer[] = [];
  /** Bytes that the other side may still send. */
  #granted = WINDOW;
  /** Bytes read here for which no credit has been given back. */
  #owed = 0;
  #wantsMore = false;
  #hasTheirEnd = false;
  #hasOurEnd = false;
  #isOver = false;

  constructor(parts: StreamParts) {
    super({ allowHalfOpen: true });
    this.#parts = parts;
    this.id = parts.id;
    this.purpose = parts.purpose;
    this.peer = parts.peer;
    this.remoteAddress = parts.origin === undefined ? `link:${parts.peer}` : `link:${parts.peer}/${parts.origin}`;
  }

  /** Whether there is something to send and leave to send it. */
  get isReady(): boolean {
    return this.#pending !== undefined && this.#credit > 0;
  }

  /** Sends what there is, at most one frame of it. */
  sendNext(): void {
    const pending = this.#pending;
    const size = Math.min(this.#credit, PAYLOAD_MAX, pending?.bytes.length ?? 0);
    if (pending === undefined || size === 0) return;
    this.#credit -= size;
    this.#parts.send({ kind: 'data', stream: this.id, bytes: pending.bytes.subarray(0, size) });
    const rest = pending.bytes.subarray(size);
    this.#pending = rest.length === 0 ? undefined : { bytes: rest, done: pending.done };
    if (rest.length === 0) pending.done();
  }

  /** A frame of the other side for this stream. Throws a {@link FrameError} where it breaks the rules. */
  takeFrame(frame: StreamFrame): void {
    if (frame.kind === 'data') this.#takeData(frame.bytes);
    else if (frame.kind === 'credit') this.#takeCredit(frame.count);
    else if (frame.kind === 'end') this.#takeEnd();
    else {
      this.#end();
      this.destroy(new Error('the other side has given the stream up'));
    }
  }

  /** The link is gone, and with it the stream. */
  lose(why: string): void {
    this.#end();
    this.destroy(new Error(`the link is gone: ${why}`));
  }

  override _read(): void {
    this.#wantsMore = true;
    this.#deliver();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    if (chunk.length === 0) return done();
    this.#pending = { bytes: chunk, done };
    this.#parts.onReady(this);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this._write(bytes, 'binary', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#hasOurEnd = true;
    if (!this.#isOver) this.#parts.send({ kind: 'end', stream: this.id });
    this.#endIfBothHave();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isOver) {
      this.#parts.send({ kind: 'reset', stream: this.id });
      this.#end();
    }
    this.#pending?.done(error ?? new Error('the stream has been given up'));
    this.#pending = undefined;
    this.#incoming.length = 0;
    done(error);
  }

  #takeData(bytes: Uint8Array): void {
    if (this.#hasTheirEnd) throw new FrameError('data after the end');
    if (bytes.length > this.#granted) throw new FrameError('more data than there was credit for');
    this.#granted -= bytes.length;
    const last = this.#incoming.at(-1);
    if (last !== undefined && last.length < PIECE_MIN) this.#incoming.splice(-1, 1, Buffer.concat([last, bytes]));
    else this.#incoming.push(Buffer.from(bytes));
    this.#deliver();
  }

  #takeCredit(count: number): void {
    this.#credit += count;
    if (count === 0 || this.#credit > WINDOW) throw new FrameError('credit that was not owed');
    if (this.isReady) this.#parts.onReady(this);
  }

  #takeEnd(): void {
    if (this.#hasTheirEnd) throw new FrameError('a second end');
    this.#hasTheirEnd = true;
    this.#deliver();
    this.#endIfBothHave();
  }

  #deliver(): void {
    while (this.#wantsMore && this.#incoming.length > 0) {
      const piece = this.#incoming.shift();
      if (piece === undefined) break;
      this.#owed += piece.length;
      this.#wantsMore = this.push(piece);
    }
    if (this.#owed >= CREDIT_STEP && !this.#hasTheirEnd && !this.#isOver) {
      const count = this.#owed;
      this.#owed = 0;
      this.#granted += count;
      this.#parts.send({ kind: 'credit', stream: this.id, count });
    }
    if (this.#wantsMore && this.#hasTheirEnd && this.#incoming.length === 0) {
      this.#wantsMore = false;
      this.push(null);
    }
  }

  #endIfBothHave(): void {
    if (this.#hasOurEnd && this.#hasTheirEnd) this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.onOver(this);
  }
}
