/** Entry of the decoder's process: scales one picture at a time, within limits. */
import sharp from 'sharp';
import type { ThumbnailOptions } from '../../ports/images.ts';
import type { DecodeAnswer, DecodeRequest } from './index.ts';

const PIXELS_MAX = 50_000_000;
const FRAMES_MAX = 200;
const TIMEOUT_SECONDS = 15;
/** Types that are decoded, with libvips' loaders for bytes; every other loader is switched off. */
const LOADERS = ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'];
const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif']);

sharp.cache(false);
sharp.concurrency(1);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS });

async function decode(source: Uint8Array, options: ThumbnailOptions): Promise<DecodeAnswer['thumbnail']> {
  const limits = { limitInputPixels: PIXELS_MAX, failOn: 'error', sequentialRead: true } as const;
  const header = await sharp(source, limits).metadata();
  if (!FORMATS.has(header.format)) throw new Error(`type ${header.format}`);
  const frames = Math.min(header.pages ?? 1, FRAMES_MAX);
  const moves = options.animated && frames > 1;
  const picture = sharp(source, { ...limits, pages: moves ? frames : 1 })
    .timeout({ seconds: TIMEOUT_SECONDS })
    .autoOrient()
    .resize(options.widthPx, options.heightPx, {
      fit: options.method === 'crop' ? 'cover' : 'inside',
      withoutEnlargement: options.method === 'scale',
    });
  const encoded = moves || header.hasAlpha ? picture.webp({ quality: 80 }) : picture.jpeg({ quality: 80 });
  const { data, info } = await encoded.toBuffer({ resolveWithObject: true });
  return {
    bytes: data,
    contentType: `image/${info.format}`,
    widthPx: info.width,
    heightPx: info.pageHeight ?? info.height,
  };
}

process.on('message', (request: DecodeRequest) => {
  decode(request.source, request.options).then(
    (thumbnail) => {
      process.send?.({ id: request.id, thumbnail });
    },
    (error: unknown) => {
      process.send?.({ id: request.id, refused: String(error) });
    },
  );
});
