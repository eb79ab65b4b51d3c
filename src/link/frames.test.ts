import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, type Frame, FrameError, FrameReader, PAYLOAD_MAX } from './frames.ts';

const stream = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: fc.constant('open' as const), stream, purpose: fc.stringMatching(/^[a-z0-9-]{1,64}$/) }),
  fc.record({ kind: fc.constant('data' as const), stream, bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  fc.record({ kind: fc.constant('credit' as const), stream, count: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
  fc.record({ kind: fc.constantFrom('end' as const, 'reset' as const), stream }),
  fc.record({ kind: fc.constant('ack' as const), count: fc.maxSafeNat() }),
  fc.record({ kind: fc.constantFrom('ping' as const, 'pong' as const) }),
);

/** The frames of bytes that arrive in pieces that end at `cuts`. */
function readIn(bytes: Buffer, cuts: readonly number[]): Frame[] {
  const reader = new FrameReader();
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((left, right) => left - right);
  let from = 0;
  return places.flatMap((to) => {
    const frames = [...reader.read(bytes.subarray(from, to))];
    from = to;
    return frames;
  });
}

function plain(frames: readonly Frame[]): unknown[] {
  return frames.map((frame) => (frame.kind === 'data' ? { ...frame, bytes: [...frame.bytes] } : { ...frame }));
}

function head(kind: number, length: number, streamNumber = 1, zero = 0): Buffer {
  const bytes = Buffer.alloc(8 + length);
  bytes[0] = kind;
  bytes[1] = zero;
  bytes.writeUInt16BE(length, 2);
  bytes.writeUInt32BE(streamNumber, 4);
  return bytes;
}

describe('frames', () => {
  it('are read as they were written, in whatever pieces they arrive', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), fc.array(fc.nat(5_000), { maxLength: 20 }), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(encodeFrame));
        assert.deepEqual(plain(readIn(bytes, cuts)), plain(frames));
      }),
    );
  });

  it('carry as much as a payload may have', () => {
    const frame: Frame = { kind: 'data', stream: 7, bytes: Buffer.alloc(PAYLOAD_MAX, 1) };
    assert.deepEqual(plain(readIn(encodeFrame(frame), [])), plain([frame]));
  });

  const wrong: readonly (readonly [string, Buffer])[] = [
    ['of no kind', head(8, 0)],
    ['with a byte that is kept free', head(1, 1, 1, 1)],
    ['of data without any', head(1, 0)],
    ['with more than a payload may have', head(1, PAYLOAD_MAX + 1)],
    ['of a stream without a number', head(1, 1, 0)],
    ['that opens for no purpose', head(0, 0)],
    ['that opens for a purpose in other letters', Buffer.concat([head(0, 2).subarray(0, 8), Buffer.from('a/')])],
    ['that opens for too long a purpose', head(0, 65)],
    ['of credit with half a number', head(2, 2)],
    ['with an end that says something', head(3, 1)],
    ['that acknowledges more than there can be', Buffer.concat([head(5, 8).subarray(0, 8), Buffer.alloc(8, 255)])],
  ];
  for (const [name, bytes] of wrong) {
    it(`${name} are refused`, () => {
      assert.throws(() => readIn(bytes, []), FrameError);
    });
  }

  it('are refused or read, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200)), (bytes, cuts) => {
        try {
          readIn(Buffer.from(bytes), cuts);
        } catch (error) {
          assert.ok(error instanceof FrameError);
        }
      }),
    );
  });
});
