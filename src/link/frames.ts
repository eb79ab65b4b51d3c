/**
 * The frames of a link: 8 bytes of head (kind, zero, length of the payload, number of the stream; big-endian), then the
 * payload. Everything but acknowledgements and signs of life counts in the sequence that survives a connection.
 */
import { assert } from '../lib/assert.ts';

export type StreamFrame =
  /** A new stream; its number is greater than that of every stream its side has opened. */
  | { readonly kind: 'open'; readonly stream: number; readonly purpose: string }
  | { readonly kind: 'data'; readonly stream: number; readonly bytes: Uint8Array }
  /** So many bytes more may be sent. */
  | { readonly kind: 'credit'; readonly stream: number; readonly count: number }
  /** No more data from this side. */
  | { readonly kind: 'end'; readonly stream: number }
  /** The stream is over at once, in both directions. */
  | { readonly kind: 'reset'; readonly stream: number };

export type Frame =
  | StreamFrame
  /** So many frames of the sequence have arrived in all. */
  | { readonly kind: 'ack'; readonly count: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' };

export const PAYLOAD_MAX = 16_384;
const PURPOSE_MAX = 64;
const HEAD_BYTES = 8;
const KINDS = ['open', 'data', 'credit', 'end', 'reset', 'ack', 'ping', 'pong'] as const;
/** Frames whose payload has one length. */
const SIZES: Partial<Record<Frame['kind'], number>> = { credit: 4, end: 0, reset: 0, ack: 8, ping: 0, pong: 0 };

/** What a peer sends that is no frame: its connection is cut. */
export class FrameError extends Error {
  override name = 'FrameError';
}

/** The bytes of a frame. */
export function encodeFrame(frame: Frame): Buffer {
  const payload = payloadOf(frame);
  assert(payload.length <= PAYLOAD_MAX, 'a frame is cut to size by its sender');
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes[0] = KINDS.indexOf(frame.kind);
  bytes[1] = 0;
  bytes.writeUInt16BE(payload.length, 2);
  bytes.writeUInt32BE('stream' in frame ? frame.stream : 0, 4);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

function payloadOf(frame: Frame): Uint8Array {
  if (frame.kind === 'data') return frame.bytes;
  if (frame.kind === 'open') return Buffer.from(frame.purpose, 'ascii');
  const payload = Buffer.alloc(SIZES[frame.kind] ?? 0);
  if (frame.kind === 'credit') payload.writeUInt32BE(frame.count);
  if (frame.kind === 'ack') payload.writeBigUInt64BE(BigInt(frame.count));
  return payload;
}

/** Cuts bytes that arrive in any pieces into frames. It never keeps more than one frame. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are whole with `chunk`. Throws {@link FrameError}, after which the reader is of no use. */
  *read(chunk: Uint8Array): Generator<Frame> {
    let bytes = Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= HEAD_BYTES) {
      const kind = KINDS[bytes[0] ?? KINDS.length];
      const length = bytes.readUInt16BE(2);
      if (kind === undefined || bytes[1] !== 0) throw new FrameError('no kind of frame');
      checkLength(kind, length);
      if (bytes.length < HEAD_BYTES + length) break;
      yield decode(kind, bytes.readUInt32BE(4), bytes.subarray(HEAD_BYTES, HEAD_BYTES + length));
      bytes = bytes.subarray(HEAD_BYTES + length);
    }
    // A copy, so that a few bytes do not hold the whole chunk.
    this.#rest = Buffer.from(bytes);
  }
}

function checkLength(kind: Frame['kind'], length: number): void {
  const isRight =
    kind === 'data'
      ? length > 0 && length <= PAYLOAD_MAX
      : kind === 'open'
        ? length > 0 && length <= PURPOSE_MAX
        : length === SIZES[kind];
  if (!isRight) throw new FrameError(`a frame "${kind}" of ${length} bytes`);
}

function decode(kind: Frame['kind'], stream: number, payload: Buffer): Frame {
  if (kind === 'ping' || kind === 'pong') return { kind };
  if (kind === 'ack') {
    const count = Number(payload.readBigUInt64BE());
    if (!Number.isSafeInteger(count)) throw new FrameError('an acknowledgement of too much');
    return { kind, count };
  }
  if (stream === 0) throw new FrameError('a stream without a number');
  if (kind === 'open') {
    const purpose = payload.toString('latin1');
    if (!/^[a-z0-9-]+$/.test(purpose)) throw new FrameError('no purpose');
    return { kind, stream, purpose };
  }
  if (kind === 'data') return { kind, stream, bytes: payload };
  if (kind === 'credit') return { kind, stream, count: payload.readUInt32BE() };
  return { kind, stream };
}
