/** Thumbnails: made at the first request, by their content's own bytes, and kept. */
import { KeyedQueue } from '../../lib/queue.ts';
import { MatrixError, OperationError } from '../../matrix/errors.ts';
import type { Images, Thumbnail } from '../../ports/images.ts';
import type { Store, ThumbnailRecord } from '../../ports/store/index.ts';
import { isThumbnailable } from './content-type.ts';
import type { Shelf } from './shelf.ts';

/** Media whose bytes are here, of this server or another. */
export interface Content {
  /** By which its thumbnails are kept: the media id, with `server/` before it for media of another server. */
  readonly key: string;
  readonly blob: string;
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
  readonly fileName: string | undefined;
}

export interface ThumbnailWish {
  readonly width: number;
  readonly height: number;
  readonly method: 'crop' | 'scale';
  readonly animated: boolean;
}

type Size = Omit<ThumbnailWish, 'animated'>;

export interface ThumbnailParts {
  readonly store: Store;
  readonly shelf: Shelf;
  readonly images: Images | undefined;
}

/** A source for thumbnails is read into memory: larger ones have none. */
const THUMBNAIL_SOURCE_BYTES_MAX = 64 * 1024 * 1024;

/** "The homeserver SHOULD be able to supply thumbnails of these sizes"; others are answered by the next larger one. */
const SIZES: readonly Size[] = [
  { width: 32, height: 32, method: 'crop' },
  { width: 96, height: 96, method: 'crop' },
  { width: 320, height: 240, method: 'scale' },
  { width: 640, height: 480, method: 'scale' },
  { width: 800, height: 600, method: 'scale' },
];

export class Thumbnails {
  readonly #parts: ThumbnailParts;
  readonly #queue = new KeyedQueue<string>();

  constructor(parts: ThumbnailParts) {
    this.#parts = parts;
  }

  /** A thumbnail of an offered size. Throws where the content is no picture that can be decoded. */
  async get(content: Content, size: ThumbnailWish): Promise<ThumbnailRecord> {
    const variant = `${size.width}x${size.height}-${size.method}${size.animated ? '-animated' : ''}`;
    return await this.#queue.run(`${content.key} ${variant}`, async () => {
      const { store, shelf } = this.#parts;
      const existing = await store.media.findThumbnail(content.key, variant);
      if (existing !== undefined) return existing;
      const made = await this.#decode(content, size);
      return await shelf.keep(once(made.bytes), THUMBNAIL_SOURCE_BYTES_MAX, async ({ name, sizeBytes }) => {
        const { contentType } = made;
        const thumbnail: ThumbnailRecord = { mediaId: content.key, variant, blob: name, contentType, sizeBytes };
        await store.transact((one) => one.media.putThumbnail(thumbnail));
        return thumbnail;
      });
    });
  }

  async #decode(content: Content, size: ThumbnailWish): Promise<Thumbnail> {
    const { images, shelf } = this.#parts;
    const refused = (cause?: unknown): MatrixError =>
      new MatrixError('M_UNKNOWN', 'No thumbnail can be made of this', { status: 400, cause });
    const opened = content.sizeBytes > THUMBNAIL_SOURCE_BYTES_MAX ? undefined : await shelf.open(content.blob);
    if (images === undefined || opened === undefined) throw refused();
    const chunks: Uint8Array[] = [];
    for await (const chunk of opened.stream) chunks.push(chunk);
    const source = Buffer.concat(chunks);
    if (!isThumbnailable(source)) throw refused();
    try {
      const { width, height, method, animated } = size;
      return await images.thumbnail(source, { widthPx: width, heightPx: height, method, animated });
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (error.temporary)
        throw new MatrixError('M_LIMIT_EXCEEDED', 'Too many pictures at once', { extra: { retry_after_ms: 1_000 } });
      throw refused(error);
    }
  }
}

/** The smallest offered size that is not smaller than the one asked for, by the same method where there is one. */
export function fitSize({ width, height, method, animated }: ThumbnailWish): ThumbnailWish {
  if (!(width > 0 && height > 0)) throw new MatrixError('M_INVALID_PARAM', 'width and height are positive');
  const enough = (one: Size): boolean => one.width >= width && one.height >= height;
  const largest = { width: 800, height: 600, method };
  const same = SIZES.find((one) => enough(one) && one.method === method);
  return { ...(same ?? SIZES.find(enough) ?? largest), method, animated };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
