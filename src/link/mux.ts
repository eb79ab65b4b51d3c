/** Many streams over one sequence of frames, each with its turn. */
import { type StreamFrame, FrameError } from './frames.ts';
import { Sequence, type SequenceParts } from './sequence.ts';
import { LinkStream } from './stream.ts';

export interface MuxParts extends Omit<SequenceParts, 'events'> {
  readonly peer: string;
  /** The side that dialled numbers its streams with odd numbers, the other one with even ones. */
  readonly hasDialled: boolean;
  /** Takes a stream that the other side has opened; false where nothing here is for it. */
  accept(stream: LinkStream): boolean;
  onDetach(why: string): void;
  /** All streams are lost. */
  onBroken(why: string): void;
}

/** Streams at a time that the other side may have opened: each may cost the memory of its window. */
const STREAMS_MAX = 128;

export class Mux {
  readonly sequence: Sequence;
  readonly #parts: MuxParts;
  readonly #streams = new Map<number, LinkStream>();
  /** Streams with something to send, in the order of their turns. */
  readonly #ready = new Set<LinkStream>();
  #nextId: number;
  #theirLast = 0;
  #theirs = 0;
  #isPumping = false;

  constructor(parts: MuxParts) {
    this.#parts = parts;
    this.#nextId = parts.hasDialled ? 1 : 2;
    this.sequence = new Sequence({
      clock: parts.clock,
      random: parts.random,
      events: {
        onFrame: (frame) => this.#take(frame),
        onRoom: () => this.#pump(),
        onDetach: (why) => parts.onDetach(why),
        onBroken: (why) => {
          this.close(why);
          parts.onBroken(why);
        },
      },
    });
  }

  /** Streams that are not over. */
  get size(): number {
    return this.#streams.size;
  }

  /** Opens a stream; what is written to it goes out as soon as there is a connection. */
  open(purpose: string): LinkStream {
    const stream = this.#make(this.#nextId, purpose);
    this.#nextId += 2;
    this.sequence.send({ kind: 'open', stream: stream.id, purpose });
    return stream;
  }

  /** Ends every stream, and the sequence. */
  close(why: string): void {
    this.sequence.close();
    for (const stream of this.#streams.values()) stream.lose(why);
  }

  #make(id: number, purpose: string): LinkStream {
    const stream: LinkStream = new LinkStream({
      id,
      purpose,
      peer: this.#parts.peer,
      send: (frame) => this.sequence.send(frame),
      onReady: (ready) => {
        this.#ready.add(ready);
        this.#pump();
      },
      onOver: () => {
        this.#ready.delete(stream);
        if (this.#streams.delete(id) && this.#isTheirs(id)) this.#theirs -= 1;
      },
    });
    this.#streams.set(id, stream);
    return stream;
  }

  #isTheirs(id: number): boolean {
    return id % 2 === (this.#parts.hasDialled ? 0 : 1);
  }

  #take(frame: StreamFrame): void {
    if (frame.kind === 'open') {
      this.#accept(frame.stream, frame.purpose);
      return;
    }
    const isKnown = this.#isTheirs(frame.stream) ? frame.stream <= this.#theirLast : frame.stream < this.#nextId;
    if (!isKnown) throw new FrameError('a frame of a stream that was never opened');
    // Of a stream that has been given up here some frames may still be on their way.
    this.#streams.get(frame.stream)?.takeFrame(frame);
  }

  #accept(id: number, purpose: string): void {
    if (!this.#isTheirs(id) || id <= this.#theirLast) throw new FrameError('a stream that is no new one');
    this.#theirLast = id;
    if (this.#theirs >= STREAMS_MAX) {
      this.sequence.send({ kind: 'reset', stream: id });
      return;
    }
    this.#theirs += 1;
    const stream = this.#make(id, purpose);
    // Whoever takes it listens for its errors from then on.
    stream.on('error', () => undefined);
    if (!this.#parts.accept(stream)) stream.destroy();
  }

  /** Gives each stream its turn while there is room. */
  #pump(): void {
    // What has been sent makes room for more: that is sent in its turn, not at once.
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (const stream of this.#ready) {
      if (!this.sequence.hasRoom) break;
      this.#ready.delete(stream);
      stream.sendNext();
      if (stream.isReady) this.#ready.add(stream);
    }
    this.#isPumping = false;
  }
}
