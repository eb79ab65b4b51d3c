/** One lane of a link: a sequence of frames with its streams, over one connection after another. */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../ports/clock.ts';
import { Mux, type MuxParts } from './mux.ts';
import type { Carrier } from './sequence.ts';
import type { LinkStream } from './stream.ts';

export interface LaneParts extends Omit<MuxParts, 'onDetach' | 'onBroken'> {
  /** By which both sides know it: 16 random bytes. */
  readonly session: Uint8Array;
  readonly clock: Clock;
  /** It has no connection any more, or none that counts. */
  onDown(lane: Lane, why: string): void;
  /** It is over, with all its streams. */
  onOver(lane: Lane, why: string): void;
}

/** So long the streams wait for another connection. */
const RESUME_MAX_MS = 60_000;

export class Lane {
  readonly session: Uint8Array;
  readonly #parts: LaneParts;
  readonly #mux: Mux;
  #expiry: Timer | undefined;
  #isOver = false;
  #wasAttached = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.session = parts.session;
    this.#mux = new Mux({
      ...parts,
      onDetach: (why) => {
        this.#wait();
        parts.onDown(this, why);
      },
      onBroken: (why) => this.close(why),
    });
    this.#wait();
  }

  /** Whether it has a connection. */
  get isUp(): boolean {
    return this.#mux.sequence.isAttached;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether no connection has carried it yet. */
  get isNew(): boolean {
    return !this.#wasAttached;
  }

  get received(): number {
    return this.#mux.sequence.received;
  }

  /** Streams that are not over. */
  get size(): number {
    return this.#mux.size;
  }

  open(purpose: string): LinkStream {
    return this.#mux.open(purpose);
  }

  /** Goes on over a connection whose other side has received `theyHave` frames; `head` came with its first answer. */
  attach(socket: Duplex, theyHave: number, head: Uint8Array): boolean {
    const { sequence } = this.#mux;
    const carrier: Carrier = {
      write: (bytes) => socket.write(bytes),
      destroy: () => void socket.destroy(),
    };
    socket.on('data', (chunk: Uint8Array) => sequence.take(carrier, chunk));
    socket.on('drain', () => sequence.drained(carrier));
    socket.on('error', (error) => sequence.detach(carrier, error.message));
    socket.on('end', () => sequence.detach(carrier, 'the other side has ended the connection'));
    socket.on('close', () => sequence.detach(carrier, 'the connection is closed'));
    if (this.#isOver || !sequence.attach(carrier, theyHave)) {
      socket.destroy();
      return false;
    }
    this.#wasAttached = true;
    this.#expiry?.cancel();
    if (head.length > 0) sequence.take(carrier, head);
    return true;
  }

  /** Ends it and all its streams. */
  close(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#expiry?.cancel();
    this.#mux.close(why);
    this.#parts.onOver(this, why);
  }

  #wait(): void {
    this.#expiry = this.#parts.clock.schedule(RESUME_MAX_MS, () => this.close('no connection for too long'));
  }
}
