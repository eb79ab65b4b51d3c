import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../../matrix/errors.ts';
import { createImages } from './index.ts';

const SCALE = { widthPx: 32, heightPx: 32, method: 'scale', animated: false } as const;
const isRefusal = (error: unknown): boolean => error instanceof OperationError && error.kind === 'image-refused';

/** A red 4 × 2 GIF, written out by hand. */
const GIF = Buffer.from('47494638396104000200800000ff0000ffffff2c00000000040002000002038c8f05003b', 'hex');

test('pictures are scaled, hostile ones refused, in a process of their own (adv-123)', async (t) => {
  const images = createImages();
  if (images === undefined) {
    t.skip('sharp is not installed');
    return;
  }
  t.after(() => {
    images.close();
  });
  const { default: sharp } = await import('sharp');
  const create = { width: 200, height: 100, channels: 3, background: 'red' } as const;
  const jpeg = await sharp({ create }).jpeg().toBuffer();

  const scaled = await images.thumbnail(jpeg, SCALE);
  assert.deepEqual([scaled.widthPx, scaled.heightPx, scaled.contentType], [32, 16, 'image/jpeg']);
  assert.equal((await sharp(scaled.bytes).metadata()).width, 32);
  const cropped = await images.thumbnail(jpeg, { ...SCALE, method: 'crop' });
  assert.deepEqual([cropped.widthPx, cropped.heightPx], [32, 32]);
  const clear = await sharp({ create: { ...create, channels: 4, background: '#ff000080' } })
    .png()
    .toBuffer();
  assert.equal((await images.thumbnail(clear, SCALE)).contentType, 'image/webp');

  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  );
  const tiff = await sharp({ create }).tiff().toBuffer();
  for (const refused of [svg, tiff, Buffer.alloc(0), Buffer.from('no picture'), jpeg.subarray(0, 60)]) {
    await assert.rejects(images.thumbnail(refused, SCALE), isRefusal);
  }
  const huge = await sharp({ create: { ...create, width: 16_000, height: 4_000 } })
    .png()
    .toBuffer();
  await assert.rejects(images.thumbnail(huge, SCALE), isRefusal);
  const many = await Promise.all([jpeg, GIF, jpeg].map((source) => images.thumbnail(source, SCALE)));
  assert.equal(many.length, 3);
});

test('what comes over the queue is refused as temporary, and a picture that takes too long is dropped', async (t) => {
  const images = createImages({ queueMax: 0, timeoutMs: 1 });
  if (images === undefined) {
    t.skip('sharp is not installed');
    return;
  }
  t.after(() => {
    images.close();
  });
  await assert.rejects(
    images.thumbnail(GIF, SCALE),
    (error) => error instanceof OperationError && error.kind === 'images-busy' && error.temporary,
  );
  const slow = createImages({ timeoutMs: 1 });
  t.after(() => {
    slow?.close();
  });
  await assert.rejects(async () => slow?.thumbnail(GIF, SCALE), isRefusal);
});
