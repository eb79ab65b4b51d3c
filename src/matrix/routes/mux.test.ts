import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Mux, MUX_STREAMS_MAX, type MuxStream } from './mux.ts';

/** Two ends of a channel that carries at once what it is given. */
function pair(onStream: (stream: MuxStream, head: string) => void) {
  const ends: { client: Mux; server: Mux; sent: number } = {
    client: new Mux({ send: () => undefined }),
    server: new Mux({ send: () => undefined }),
    sent: 0,
  };
  ends.server = new Mux({ send: (frame) => void ends.client.receive(frame), onStream });
  ends.client = new Mux({
    send: (frame) => {
      ends.sent += frame.length;
      assert.equal(ends.server.receive(frame), true);
    },
  });
  return ends;
}

test('a request and its answer go there and back, bodies whole, whatever their length', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(600_000), async (length) => {
      const body = new Uint8Array(length).fill(7);
      const { client } = pair((stream, head) => {
        let count = 0;
        stream.onBody = (bytes) => {
          count += bytes.length;
          stream.used(bytes.length);
        };
        stream.onEnd = () => {
          stream.head(`${head} ${count}`);
          stream.end();
        };
      });
      const stream = client.open();
      assert.ok(stream !== undefined);
      const answered = new Promise<string>((resolve) => (stream.onHead = resolve));
      stream.head('GET /');
      await stream.body(body);
      stream.end();
      assert.equal(await answered, `GET / ${length}`);
    }),
    { numRuns: 30 },
  );
});

test('whoever takes no bytes gets no more than a window of them', async () => {
  const ends = pair(() => undefined);
  const stream = ends.client.open();
  stream?.head('PUT /');
  const body = stream?.body(new Uint8Array(1_000_000));
  await new Promise(setImmediate);
  assert.ok(ends.sent > 262_144 && ends.sent < 263_000, `${ends.sent}`);
  ends.client.close();
  assert.equal(await body, false);
});

test('streams beyond the bound, a full window and frames of no form end the channel', () => {
  const server = new Mux({ send: () => undefined, onStream: () => undefined });
  const frame = (id: number, kind: number, bytes = 0) => {
    const made = new Uint8Array(5 + bytes);
    new DataView(made.buffer).setUint32(0, id);
    made[4] = kind;
    return made;
  };
  for (let id = 1; id <= MUX_STREAMS_MAX; id += 1) assert.equal(server.receive(frame(id, 0)), true);
  assert.equal(server.receive(frame(MUX_STREAMS_MAX + 1, 0)), false);
  for (let sent = 0; sent < 16; sent += 1) assert.equal(server.receive(frame(1, 1, 16_384)), true);
  assert.equal(server.receive(frame(1, 1, 1)), false);
  assert.equal(server.receive(frame(2, 9)), false);
  assert.equal(server.receive(frame(2, 4, 3)), false);
  assert.equal(server.receive(frame(999, 1)), false);
  assert.equal(server.receive(new Uint8Array(4)), false);
  assert.equal(server.receive(frame(2, 1, 16_385)), false);
});

test('any messages get a verdict', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (messages) => {
      const server = new Mux({ send: () => undefined, onStream: () => undefined });
      for (const message of messages) assert.equal(typeof server.receive(message), 'boolean');
    }),
  );
});
