import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../adapters/clock/index.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Context } from '../context.ts';
import { Media } from './index.ts';

/** A reservation that somebody waits for; `whileReading` runs once, after its record has been read. */
function harness() {
  const clock = new FakeClock();
  const state: { blob: string | undefined; whileReading: (() => Promise<void>) | undefined } = {
    blob: undefined,
    whileReading: undefined,
  };
  const record = () => ({
    mediaId: 'm',
    owner: '@a:a',
    blob: state.blob,
    expiresAt: clock.now() + 60_000,
    quarantined: false,
  });
  const store = {
    media: {
      findMedia: async () => {
        const read = record();
        const meanwhile = state.whileReading;
        state.whileReading = undefined;
        await meanwhile?.();
        return read;
      },
    },
    transact: async (write: (one: unknown) => void) => write({ media: { fillMedia: () => (state.blob = 'b') } }),
  };
  const stream = async function* () {
    yield Buffer.from('hello');
  };
  const blobs = {
    put: async () => ({ name: 'b', sizeBytes: 5 }),
    open: async () => ({ stream: stream(), sizeBytes: 5 }),
  };
  const media = new Media(
    { clock, store, serverName: 'a' } as unknown as Context,
    {} as ConstructorParameters<typeof Media>[1],
    { blobs, maxUploadBytes: 100, images: undefined } as unknown as ConstructorParameters<typeof Media>[2],
  );
  const upload = { owner: '@a:a', bytes: stream(), contentType: undefined, contentLength: 5, fileName: undefined };
  const fill = (): Promise<void> => media.fill('a', 'm', upload as unknown as Parameters<Media['fill']>[2]);
  const download = (): Promise<unknown> => media.download('a', 'm', { user: undefined, timeoutMs: 10_000 });
  return { clock, state, fill, download };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a download waits for the upload, and no longer', { timeout: 10_000 }, async () => {
  const { clock, fill, download } = harness();
  const waiting = download();
  await turn();
  assert.equal(clock.pending, 1);
  await fill();
  await waiting;
  assert.equal(clock.pending, 0);
});

test('a download does not miss an upload that comes just before it begins to wait', { timeout: 10_000 }, async () => {
  const { clock, state, fill, download } = harness();
  state.whileReading = fill;
  await download();
  assert.equal(clock.pending, 0);
});

test('a download gives up after its time', { timeout: 10_000 }, async () => {
  const { clock, download } = harness();
  const refused = assert.rejects(
    download(),
    (error) => error instanceof MatrixError && error.code === 'M_NOT_YET_UPLOADED',
  );
  await turn();
  clock.advance(10_000);
  await refused;
});
