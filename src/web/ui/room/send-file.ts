/** A chosen file made ready to go: pictures get their size, a preview and a blur, and lose their hidden data. */
import { encode } from 'blurhash';
import type { FileToSend } from '../../lib/engine.ts';
import { engine } from '../state.ts';
import { sniff } from '../parts/media.ts';

const PICTURE_SIDE_MAX = 2048;
const THUMBNAIL_SIDE = 480;
const JPEG_QUALITY = 0.84;

export const FILE_BYTES_MAX = 100_000_000;

interface Drawn {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mimeType: string;
  readonly width: number;
  readonly height: number;
}

async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.arrayBuffer());
}

async function draw(bitmap: ImageBitmap, sideMax: number, mimeType: string): Promise<Drawn> {
  const scale = Math.min(1, sideMax / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height);
  const blob = await canvas.convertToBlob({ type: mimeType, quality: JPEG_QUALITY });
  return { bytes: await bytesOf(blob), mimeType: blob.type, width, height };
}

function blurOf(bitmap: ImageBitmap): string | undefined {
  const canvas = new OffscreenCanvas(32, 32);
  const context = canvas.getContext('2d');
  context?.drawImage(bitmap, 0, 0, 32, 32);
  const pixels = context?.getImageData(0, 0, 32, 32).data;
  return pixels === undefined ? undefined : encode(pixels, 32, 32, 4, 3);
}

type Prepared = Omit<FileToSend, 'roomId' | 'caption' | 'replyTo'>;

async function preparePicture(name: string, bytes: Uint8Array<ArrayBuffer>, mimeType: string): Promise<Prepared> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: mimeType }));
  const { width, height } = bitmap;
  const isLarge = Math.max(width, height) > PICTURE_SIDE_MAX;
  // A JPEG is always drawn anew: where and when it was taken is nobody's business. A GIF would lose its movement.
  const redraw = mimeType === 'image/jpeg' || (isLarge && mimeType !== 'image/gif');
  const main = redraw ? await draw(bitmap, PICTURE_SIDE_MAX, mimeType) : { bytes, mimeType, width, height };
  const needsThumbnail = Math.max(main.width, main.height) > THUMBNAIL_SIDE && main.bytes.length > 60_000;
  const thumbnail = needsThumbnail ? await draw(bitmap, THUMBNAIL_SIDE, 'image/jpeg') : undefined;
  const blurhash = blurOf(bitmap);
  bitmap.close();
  return {
    kind: 'image',
    name,
    ...main,
    ...(blurhash === undefined ? {} : { blurhash }),
    ...(thumbnail === undefined ? {} : { thumbnail }),
  };
}

async function prepare(file: File): Promise<Prepared> {
  const bytes = await bytesOf(file);
  const mimeType = sniff(bytes);
  if (mimeType.startsWith('image/')) {
    const picture = await preparePicture(file.name, bytes, mimeType).catch(() => undefined);
    if (picture !== undefined) return picture;
  }
  const kind = mimeType.startsWith('video/') ? 'video' : mimeType.startsWith('audio/') ? 'audio' : 'file';
  return { kind, name: file.name, mimeType: file.type || mimeType, bytes };
}

/** Hands files to the outbox, one message each. */
export async function sendFiles(roomId: string, files: Iterable<File>, replyTo?: string): Promise<void> {
  for (const file of files) {
    const prepared = await prepare(file);
    await engine.commands.sendFile({ roomId, ...prepared, ...(replyTo === undefined ? {} : { replyTo }) });
  }
}
