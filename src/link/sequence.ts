/**
 * A sequence of frames that outlives its connections: what has been sent is kept until the other side has acknowledged
 * it, and what it has not received goes over the next connection. Nothing is lost, nothing comes twice, order is kept.
 */
import type { Clock, Timer } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { encodeFrame, type Frame, FrameError, FrameReader, type StreamFrame } from './frames.ts';

/** A connection as a sequence sees it. */
export interface Carrier {
  /** False where the bytes wait in memory: `onDrain` tells when they no longer do. */
  write(bytes: Uint8Array): boolean;
  /** Cuts the connection. */
  destroy(): void;
}

export interface SequenceEvents {
  /** The next frame of the other side. A {@link FrameError} that it throws ends the sequence. */
  onFrame(frame: StreamFrame): void;
  /** There is room for data. */
  onRoom(): void;
  /** The connection has been given up; the sequence waits for another one. */
  onDetach(why: string): void;
  /** The other side has broken the rules: nothing can be resumed. */
  onBroken(why: string): void;
}

export interface SequenceParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: SequenceEvents;
}

/** Data waits in its streams while so many bytes are on their way. */
const UNACKED_MAX = 1024 * 1024;
/** Whoever never acknowledges and makes us answer is cut off at so many frames. */
const UNACKED_FRAMES_MAX = 20_000;
/** What is received is acknowledged after so many bytes … */
const ACK_BYTES = 64 * 1024;
/** … or after this time. */
const ACK_DELAY_MS = 40;
/** DEPLOYMENT §8: "15–45 s jittered keep-alive". */
const KEEP_ALIVE_MS = { least: 15_000, spread: 30_000 };
/** A connection on which nothing comes for so long, though something is awaited, is dead. */
const SILENCE_MAX_MS = 10_000;

export class Sequence {
  readonly #parts: SequenceParts;
  #unacked: Buffer[] = [];
  #unackedBytes = 0;
  /** Frames sent in all. */
  #sent = 0;
  /** Frames received in all. */
  #received = 0;
  #receivedBytes = 0;
  #ackedUpTo = 0;
  #carrier: Carrier | undefined;
  #reader = new FrameReader();
  #isFull = false;
  #isBroken = false;
  #ackTimer: Timer | undefined;
  #pingTimer: Timer | undefined;
  #deadTimer: Timer | undefined;

  constructor(parts: SequenceParts) {
    this.#parts = parts;
  }

  /** Frames of the other side that have arrived: it need not send them again. */
  get received(): number {
    return this.#received;
  }

  get isAttached(): boolean {
    return this.#carrier !== undefined;
  }

  /** Whether data may be sent now; `onRoom` tells when it may again. */
  get hasRoom(): boolean {
    return this.#carrier !== undefined && !this.#isFull && this.#unackedBytes < UNACKED_MAX;
  }

  /** Sends a frame, now or over the next connection. */
  send(frame: StreamFrame): void {
    if (this.#isBroken) return;
    const bytes = encodeFrame(frame);
    this.#unacked.push(bytes);
    this.#unackedBytes += bytes.length;
    this.#sent += 1;
    if (this.#unacked.length > UNACKED_FRAMES_MAX) this.#break('it acknowledges nothing');
    else this.#write(bytes);
  }

  /**
   * Goes on over a new connection; an older one is cut. False where the other side claims to have what was never sent,
   * or lacks what is no longer kept.
   */
  attach(carrier: Carrier, theyHave: number): boolean {
    if (this.#isBroken || !this.#isPossible(theyHave)) return false;
    this.#leave();
    this.#forget(theyHave);
    this.#carrier = carrier;
    this.#reader = new FrameReader();
    this.#isFull = false;
    this.#ackedUpTo = this.#received;
    this.#keepAlive();
    for (const bytes of this.#unacked) this.#write(bytes);
    this.#parts.events.onRoom();
    return true;
  }

  /** What came over a connection. */
  take(carrier: Carrier, chunk: Uint8Array): void {
    if (carrier !== this.#carrier) return;
    this.#deadTimer?.cancel();
    this.#deadTimer = undefined;
    try {
      for (const frame of this.#reader.read(chunk)) {
        this.#takeFrame(frame);
        // The frame may have ended it all.
        if (carrier !== this.#carrier) return;
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#break(error.message);
      return;
    }
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes >= ACK_BYTES) this.#acknowledge();
    else if (this.#ackedUpTo < this.#received) this.#ackTimer ??= this.#later(ACK_DELAY_MS, () => this.#acknowledge());
    if (this.#unacked.length > 0) this.#expect();
  }

  /** The connection has room again. */
  drained(carrier: Carrier): void {
    if (carrier !== this.#carrier) return;
    this.#isFull = false;
    this.#parts.events.onRoom();
  }

  /** The connection is gone. */
  detach(carrier: Carrier, why: string): void {
    if (carrier !== this.#carrier) return;
    this.#leave();
    this.#parts.events.onDetach(why);
  }

  /** Ends it: nothing is sent any more. */
  close(): void {
    this.#isBroken = true;
    this.#leave();
    this.#unacked = [];
    this.#unackedBytes = 0;
  }

  #takeFrame(frame: Frame): void {
    if (frame.kind === 'ping') this.#tell({ kind: 'pong' });
    else if (frame.kind === 'ack') {
      if (!this.#isPossible(frame.count)) throw new FrameError('an acknowledgement of what was not sent');
      const hadRoom = this.hasRoom;
      this.#forget(frame.count);
      if (!hadRoom && this.hasRoom) this.#parts.events.onRoom();
    } else if (frame.kind !== 'pong') {
      this.#received += 1;
      this.#parts.events.onFrame(frame);
    }
  }

  #isPossible(theyHave: number): boolean {
    return theyHave <= this.#sent && theyHave >= this.#sent - this.#unacked.length;
  }

  #forget(theyHave: number): void {
    const count = theyHave - (this.#sent - this.#unacked.length);
    for (const bytes of this.#unacked.splice(0, count)) this.#unackedBytes -= bytes.length;
  }

  #write(bytes: Buffer): void {
    if (this.#carrier === undefined) return;
    this.#expect();
    if (!this.#carrier.write(bytes)) this.#isFull = true;
  }

  #acknowledge(): void {
    this.#ackTimer?.cancel();
    this.#ackTimer = undefined;
    this.#receivedBytes = 0;
    this.#ackedUpTo = this.#received;
    this.#tell({ kind: 'ack', count: this.#received });
  }

  /** What nobody answers. */
  #tell(frame: Frame): void {
    if (this.#carrier?.write(encodeFrame(frame)) === false) this.#isFull = true;
  }

  /** Something is to come: an acknowledgement, or a sign of life. */
  #expect(): void {
    this.#deadTimer ??= this.#later(SILENCE_MAX_MS, () => {
      if (this.#carrier !== undefined) this.detach(this.#carrier, 'nothing comes any more');
    });
  }

  #keepAlive(): void {
    const { least, spread } = KEEP_ALIVE_MS;
    this.#pingTimer = this.#later(least + this.#parts.random.integer(spread), () => {
      this.#write(encodeFrame({ kind: 'ping' }));
      this.#keepAlive();
    });
  }

  #later(delayMs: number, task: () => void): Timer {
    return this.#parts.clock.schedule(delayMs, task);
  }

  #leave(): void {
    for (const timer of [this.#ackTimer, this.#pingTimer, this.#deadTimer]) timer?.cancel();
    this.#ackTimer = undefined;
    this.#deadTimer = undefined;
    this.#carrier?.destroy();
    this.#carrier = undefined;
  }

  #break(why: string): void {
    if (this.#isBroken) return;
    this.close();
    this.#parts.events.onBroken(why);
  }
}
