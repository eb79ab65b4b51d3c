/** Two sides of a lane over connections that break: nothing lost, nothing doubled, nobody held up. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, it } from 'node:test';
import { FakeClock } from '../adapters/clock/fake-clock.ts';
import { createRandom } from '../adapters/random/index.ts';
import { encodeFrame, type Frame } from './frames.ts';
import { Lane } from './lane.ts';
import type { LinkStream } from './stream.ts';

const MINUTE_MS = 60_000;

class Rig {
  readonly clock = new FakeClock();
  readonly ends: string[] = [];
  readonly downs: string[] = [];
  readonly accepted: LinkStream[] = [];
  readonly near = this.#lane(true);
  readonly far = this.#lane(false);
  #connection: Duplex[] = [];

  /** A new connection between the two, after an exchange of what each side has; it breaks after `breaksAfter` bytes. */
  connect(breaksAfter = Number.POSITIVE_INFINITY): void {
    const [left, right] = duplexPair({ highWaterMark: 20_000 });
    this.#connection = [left, right];
    let remaining = breaksAfter;
    right.on('data', (chunk: Buffer) => {
      remaining -= chunk.length;
      if (remaining <= 0) this.cut();
    });
    const [nearHas, farHas] = [this.near.received, this.far.received];
    assert.ok(this.near.attach(left, farHas, Buffer.alloc(0)));
    assert.ok(this.far.attach(right, nearHas, Buffer.alloc(0)));
  }

  cut(): void {
    for (const side of this.#connection) side.destroy();
  }

  /** A connection on whose other side the test speaks. */
  alone(): Duplex {
    const [left, right] = duplexPair();
    assert.ok(this.near.attach(left, 0, Buffer.alloc(0)));
    right.resume();
    right.on('error', () => undefined);
    return right;
  }

  #lane(hasDialled: boolean): Lane {
    return new Lane({
      session: randomBytes(16),
      hasDialled,
      peer: 'other',
      clock: this.clock,
      random: createRandom(),
      accept: (stream) => {
        if (stream.purpose !== 'talk') return false;
        this.accepted.push(stream);
        return true;
      },
      onDown: (_, why) => void this.downs.push(why),
      onOver: (_, why) => void this.ends.push(why),
    });
  }
}

async function allOf(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks);
}

/** Lets everything that is under way happen. */
async function settle(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function acceptedOf(rig: Rig): Promise<LinkStream> {
  await settle();
  const stream = rig.accepted.at(-1);
  assert.ok(stream !== undefined);
  return stream;
}

function failure(stream: Duplex): Promise<Error> {
  return once(stream, 'error').then(([error]) => error as Error);
}

describe('a lane', () => {
  it('carries bytes both ways, however often its connection is cut', async () => {
    const rig = new Rig();
    rig.connect(1);
    const [there, back] = [randomBytes(3_000_000), randomBytes(2_000_000)];
    const stream = rig.near.open('talk');
    stream.end(there);
    await settle();
    rig.connect(10_000);
    const other = await acceptedOf(rig);
    other.end(back);
    const received = Promise.all([allOf(other), allOf(stream)]);
    while (!stream.readableEnded || !other.readableEnded) {
      await settle();
      if (!rig.near.isUp) rig.connect(50_000 + 70_001 * (rig.downs.length % 5));
    }
    const [thereIs, backIs] = await received;
    assert.ok(thereIs.equals(there) && backIs.equals(back));
    assert.ok(rig.downs.length > 10, `cut only ${rig.downs.length} times`);
    await settle();
    assert.deepEqual([rig.near.size, rig.far.size, rig.ends], [0, 0, []]);
  });

  it('lets a stream that nobody reads hold up no other', async () => {
    const rig = new Rig();
    rig.connect();
    const slow = rig.near.open('talk');
    slow.write(Buffer.alloc(2_000_000));
    await settle();
    const fast = rig.near.open('talk');
    fast.end(Buffer.alloc(1_500_000, 7));
    const other = await acceptedOf(rig);
    assert.equal((await allOf(other)).length, 1_500_000);
    assert.ok(slow.writableLength > 1_500_000, 'the slow one waits for its reader');
    const [slowOther] = rig.accepted;
    assert.ok(slowOther !== undefined && slowOther.readableLength < 300_000);
  });

  it('refuses streams for what is not there', async () => {
    const rig = new Rig();
    rig.connect();
    const stream = rig.near.open('treasure');
    assert.match((await failure(stream)).message, /given the stream up/);
    assert.equal(rig.far.size, 0);
  });

  it('ends its streams where no connection comes back in time', async () => {
    const rig = new Rig();
    rig.connect();
    const stream = rig.near.open('talk');
    await acceptedOf(rig);
    rig.cut();
    await settle();
    rig.clock.advance(MINUTE_MS - 1);
    assert.equal(stream.destroyed, false);
    const failed = failure(stream);
    rig.clock.advance(1);
    assert.match((await failed).message, /the link is gone/);
    assert.ok(rig.near.isOver && rig.far.isOver);
  });

  it('gives a connection up on which nothing comes', async () => {
    const rig = new Rig();
    rig.alone();
    const stream = rig.near.open('talk');
    stream.write('anybody there?');
    await settle();
    rig.clock.advance(9_999);
    assert.ok(rig.near.isUp);
    rig.clock.advance(1);
    assert.equal(rig.near.isUp, false);
    assert.deepEqual(rig.downs, ['nothing comes any more']);
    assert.equal(stream.destroyed, false, 'another connection may come');
  });

  it('keeps one that is idle alive', async () => {
    const rig = new Rig();
    rig.connect();
    for (let count = 0; count < 100; count += 1) {
      rig.clock.advance(6_000);
      await settle();
    }
    assert.deepEqual(rig.downs, []);
    assert.ok(rig.near.isUp && rig.far.isUp);
  });

  it('does not go on with a side that claims what was never sent', () => {
    const rig = new Rig();
    const [left] = duplexPair();
    assert.equal(rig.near.attach(left, 1, Buffer.alloc(0)), false);
    assert.ok(left.destroyed);
  });

  it('has all that was written before a connection was there', async () => {
    const rig = new Rig();
    const stream = rig.near.open('talk');
    stream.end('early');
    rig.connect();
    assert.equal((await allOf(await acceptedOf(rig))).toString(), 'early');
  });
});

describe('a side that breaks the rules is cut off', () => {
  const open: Frame = { kind: 'open', stream: 2, purpose: 'talk' };
  const data = (bytes: number): Frame => ({ kind: 'data', stream: 2, bytes: Buffer.alloc(bytes) });
  const cases: readonly (readonly [string, readonly Frame[], RegExp])[] = [
    ['with a stream of our numbers', [{ ...open, stream: 1 }], /no new one/],
    ['with a stream twice', [open, open], /no new one/],
    ['with a stream that was never opened', [{ kind: 'end', stream: 4 }], /never opened/],
    ['with one of ours that was never opened', [{ kind: 'end', stream: 1 }], /never opened/],
    ['with more than there is credit for', [open, ...Array.from({ length: 17 }, () => data(16_384))], /credit/],
    ['with credit that is not owed', [open, { kind: 'credit', stream: 2, count: 1 }], /not owed/],
    ['with no credit', [open, { kind: 'credit', stream: 2, count: 0 }], /not owed/],
    ['with data after the end', [open, { kind: 'end', stream: 2 }, data(1)], /after the end/],
    ['with a second end', [open, { kind: 'end', stream: 2 }, { kind: 'end', stream: 2 }], /second end/],
    ['with an acknowledgement of what was not sent', [{ kind: 'ack', count: 1 }], /not sent/],
  ];
  for (const [name, frames, why] of cases) {
    it(name, async () => {
      const rig = new Rig();
      const other = rig.alone();
      other.write(Buffer.concat(frames.map(encodeFrame)));
      await settle();
      assert.equal(rig.ends.length, 1);
      assert.match(rig.ends[0] ?? '', why);
      assert.ok(rig.near.isOver && rig.accepted.every((stream) => stream.destroyed));
    });
  }

  it('with bytes that are no frames', async () => {
    const rig = new Rig();
    rig.alone().write('GET / HTTP/1.1\r\n\r\n');
    await settle();
    assert.match(rig.ends[0] ?? '', /no kind of frame/);
  });

  it('with streams that are too many: they are given back, the others live', async () => {
    const rig = new Rig();
    const other = rig.alone();
    const frames = Array.from({ length: 200 }, (_, index): Frame => ({ ...open, stream: 2 * (index + 1) }));
    other.write(Buffer.concat(frames.map(encodeFrame)));
    await settle();
    assert.equal(rig.near.size, 128);
    assert.deepEqual(rig.ends, []);
  });

  it('with pieces of one byte: they are kept as few', async () => {
    const rig = new Rig();
    const other = rig.alone();
    other.write(encodeFrame(open));
    for (let count = 0; count < 100; count += 1) {
      other.write(Buffer.concat(Array.from({ length: 1_000 }, () => encodeFrame(data(1)))));
    }
    await settle();
    assert.deepEqual(rig.ends, []);
    const [stream] = rig.accepted;
    assert.ok(stream !== undefined);
    stream.resume();
    let pieces = 0;
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      pieces += 1;
      bytes += chunk.length;
    });
    await settle();
    assert.equal(bytes, 100_000);
    assert.ok(pieces < 100, `${pieces} pieces`);
  });

  it('with silence, while it makes this side answer without end', async () => {
    const rig = new Rig();
    const other = rig.alone();
    // Each of them is refused by a frame that it never acknowledges.
    for (let count = 1; count <= 21_000; count += 1) {
      other.write(encodeFrame({ kind: 'open', stream: 2 * count, purpose: 'treasure' }));
    }
    await settle();
    assert.match(rig.ends[0] ?? '', /acknowledges nothing/);
  });
});
