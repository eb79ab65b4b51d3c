/**
 * Requests and answers side by side over one ordered channel of messages. A message is a frame: four bytes of stream,
 * one of kind, then at most 16 KiB. Each side may send 256 KiB of a body before the other has used what came, so that
 * neither can fill the other's memory. The side that began the channel opens the streams.
 */
import { utf8Decode, utf8Encode } from '../../lib/bytes.ts';

const HEAD = 5;
const PAYLOAD_MAX = 16_384;
const WINDOW_BYTES = 262_144;
/** Bytes that were used are told when there are so many of them. */
const CREDIT_STEP_BYTES = 65_536;
export const MUX_STREAMS_MAX = 64;

const KINDS = ['head', 'body', 'end', 'reset', 'credit', 'binding', 'padding'] as const;
type Kind = (typeof KINDS)[number];

export interface MuxOptions {
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** A stream that the other side has opened; where it is not given the other side may open none. */
  onStream?(stream: MuxStream, head: string): void;
  /** What the other side says of the channel as a whole. */
  onBinding?(text: string): void;
}

/** One request with its answer. Handlers are set by whoever is given it, at once. */
export class MuxStream {
  readonly id: number;
  onHead: ((head: string) => void) | undefined;
  /** Whoever takes bytes says by {@link used} when they are out of its hands. */
  onBody: ((bytes: Uint8Array) => void) | undefined;
  onEnd: (() => void) | undefined;
  /** The other side has given up, or the channel is gone. */
  onReset: (() => void) | undefined;
  readonly #send: (kind: Kind, payload: Uint8Array) => void;
  readonly #onOver: () => void;
  #credit = WINDOW_BYTES;
  #received = 0;
  #unused = 0;
  #told = 0;
  #isSent = false;
  #isReceived = false;
  #wake: (() => void) | undefined;
  #isReset = false;

  constructor(id: number, send: (kind: Kind, payload: Uint8Array) => void, onOver: () => void) {
    this.id = id;
    this.#send = send;
    this.#onOver = onOver;
  }

  head(text: string): void {
    if (!this.#isReset) this.#send('head', utf8Encode(text));
  }

  /** Sends bytes of the body; resolves when the next may follow, `false` when nobody wants them any more. */
  async body(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; ) {
      while (this.#credit <= 0 && !this.#isReset) await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#isReset) return false;
      const piece = bytes.subarray(at, at + Math.min(PAYLOAD_MAX, this.#credit));
      this.#credit -= piece.length;
      at += piece.length;
      this.#send('body', piece);
    }
    return !this.#isReset;
  }

  end(): void {
    if (this.#isReset || this.#isSent) return;
    this.#isSent = true;
    this.#send('end', new Uint8Array());
    if (this.#isReceived) this.#onOver();
  }

  /** Gives up, and says so. */
  reset(): void {
    if (this.#isReset) return;
    this.#send('reset', new Uint8Array());
    this.abandon();
  }

  /** As many bytes of those that came are out of the way. */
  used(count: number): void {
    this.#unused += count;
    if (this.#unused < CREDIT_STEP_BYTES || this.#isReset || this.#isReceived) return;
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, this.#unused);
    this.#told += this.#unused;
    this.#unused = 0;
    this.#send('credit', payload);
  }

  /** Takes a frame of the other side; `false` where it breaks the rules. */
  take(kind: Kind, payload: Uint8Array): boolean {
    switch (kind) {
      case 'head': {
        const text = utf8Decode(payload);
        if (text !== undefined) this.onHead?.(text);
        return text !== undefined;
      }
      case 'body':
        this.#received += payload.length;
        if (this.#isReceived || this.#received > WINDOW_BYTES + this.#told) return false;
        this.onBody?.(payload);
        return true;
      case 'end':
        this.#isReceived = true;
        this.onEnd?.();
        if (this.#isSent) this.#onOver();
        return true;
      case 'credit':
        return this.#addCredit(payload);
      case 'reset':
        this.abandon();
        return true;
      default:
        return false;
    }
  }

  #addCredit(payload: Uint8Array): boolean {
    if (payload.length !== 4) return false;
    this.#credit += new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0);
    if (this.#credit > WINDOW_BYTES) return false;
    this.#wake?.();
    return true;
  }

  /** Nothing comes or goes any more. */
  abandon(): void {
    if (this.#isReset) return;
    this.#isReset = true;
    this.#wake?.();
    this.#onOver();
    if (!(this.#isReceived && this.#isSent)) this.onReset?.();
  }
}

export class Mux {
  readonly #options: MuxOptions;
  readonly #streams = new Map<number, MuxStream>();
  #lastId = 0;

  constructor(options: MuxOptions) {
    this.#options = options;
  }

  /** Opens a stream; `undefined` while there are as many as there may be. */
  open(): MuxStream | undefined {
    if (this.#streams.size >= MUX_STREAMS_MAX) return undefined;
    this.#lastId += 1;
    return this.#add(this.#lastId);
  }

  /** Says something of the channel as a whole. */
  bind(text: string): void {
    this.#send(0, 'binding', utf8Encode(text));
  }

  /** Bytes that mean nothing, so that channels do not all begin alike. */
  pad(bytes: Uint8Array): void {
    this.#send(0, 'padding', bytes.subarray(0, PAYLOAD_MAX));
  }

  /** Takes a message; `false` where it breaks the rules, and the channel is to be closed. */
  receive(message: Uint8Array): boolean {
    if (message.length < HEAD || message.length > HEAD + PAYLOAD_MAX) return false;
    const id = new DataView(message.buffer, message.byteOffset, HEAD).getUint32(0);
    const kind = KINDS[message[4] ?? KINDS.length];
    if (kind === undefined) return false;
    const payload = message.subarray(HEAD);
    if (id === 0) return this.#receiveForAll(kind, payload);
    const known = this.#streams.get(id);
    if (known !== undefined) return known.take(kind, payload);
    if (kind !== 'head') return this.#isPast(id);
    return this.#accept(id, payload);
  }

  /** The channel is gone: so is every stream. */
  close(): void {
    for (const stream of this.#streams.values()) stream.abandon();
  }

  #receiveForAll(kind: Kind, payload: Uint8Array): boolean {
    if (kind === 'padding') return true;
    const text = kind === 'binding' ? utf8Decode(payload) : undefined;
    if (text !== undefined) this.#options.onBinding?.(text);
    return text !== undefined;
  }

  /** Frames of a stream that is over here may be on their way still. */
  #isPast(id: number): boolean {
    return id <= this.#lastId;
  }

  #accept(id: number, payload: Uint8Array): boolean {
    const { onStream } = this.#options;
    const head = utf8Decode(payload);
    if (onStream === undefined || head === undefined || id <= this.#lastId) return this.#isPast(id);
    if (this.#streams.size >= MUX_STREAMS_MAX) return false;
    this.#lastId = id;
    onStream(this.#add(id), head);
    return true;
  }

  #add(id: number): MuxStream {
    const stream = new MuxStream(
      id,
      (kind, payload) => this.#send(id, kind, payload),
      () => this.#streams.delete(id),
    );
    this.#streams.set(id, stream);
    return stream;
  }

  #send(id: number, kind: Kind, payload: Uint8Array): void {
    const frame = new Uint8Array(HEAD + payload.length);
    new DataView(frame.buffer).setUint32(0, id);
    frame[4] = KINDS.indexOf(kind);
    frame.set(payload, HEAD);
    this.#options.send(frame);
  }
}
