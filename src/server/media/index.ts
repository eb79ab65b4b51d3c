/** Media: uploads, downloads, thumbnails. The face of the folder. */
import { KeyedQueue } from '../../lib/queue.ts';
import { MatrixError, OperationError } from '../../matrix/errors.ts';
import type { UserId } from '../../matrix/ids.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { Images, Thumbnail } from '../../ports/images.ts';
import { ConflictError, type MediaRecord, type ThumbnailRecord } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import { cleanContentType, cleanFileName, contentDisposition, isInline, isThumbnailable } from './content-type.ts';

export interface MediaOptions {
  readonly blobs: Blobs;
  /** Absent where pictures cannot be decoded: then there are no thumbnails. */
  readonly images: Images | undefined;
  readonly maxUploadBytes: number;
}

export interface Upload {
  readonly owner: UserId;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly contentType: string | undefined;
  readonly contentLength: number | undefined;
  readonly fileName: string | undefined;
}

export interface Download {
  readonly stream: AsyncIterable<Uint8Array>;
  readonly headers: Record<string, string>;
}

export interface ThumbnailWish {
  readonly width: number;
  readonly height: number;
  readonly method: 'crop' | 'scale';
  readonly animated: boolean;
}

/** 18 random bytes: nobody guesses a media id. */
const MEDIA_ID_LENGTH = 24;
/** "unused_expires_at": how long an id waits for its bytes. */
const PENDING_LIFETIME_MS = 24 * 3_600_000;
const PENDING_MAX = 50;
const EXPIRED_PAGE = 500;
/** "timeout_ms … default 20 seconds". */
const WAIT_DEFAULT_MS = 20_000;
const WAIT_MAX_MS = 60_000;
/** A source for thumbnails is read into memory: larger ones have none. */
const THUMBNAIL_SOURCE_BYTES_MAX = 64 * 1024 * 1024;

/** "The homeserver SHOULD be able to supply thumbnails of these sizes"; others are answered by the next larger one. */
const SIZES: readonly ThumbnailWish[] = [
  { width: 32, height: 32, method: 'crop', animated: false },
  { width: 96, height: 96, method: 'crop', animated: false },
  { width: 320, height: 240, method: 'scale', animated: false },
  { width: 640, height: 480, method: 'scale', animated: false },
  { width: 800, height: 600, method: 'scale', animated: false },
];

/**
 * "Content-Security-Policy … sandbox": whatever is opened from here runs nothing and reaches nothing (adv-125).
 */
const SANDBOX =
  "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; " +
  "object-src 'self'; frame-ancestors 'none'";

export class Media {
  readonly #context: Context;
  readonly #options: MediaOptions;
  readonly #thumbnails = new KeyedQueue<string>();
  readonly #arrivals = new Map<string, Set<() => void>>();

  constructor(context: Context, options: MediaOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Stores an upload and returns its `mxc://` URI. Throws `M_TOO_LARGE`. */
  async upload(upload: Upload): Promise<string> {
    const mediaId = this.#context.random.token(MEDIA_ID_LENGTH);
    const stored = await this.#store(upload);
    const record: MediaRecord = {
      mediaId,
      owner: upload.owner,
      createdAt: this.#context.clock.now(),
      ...stored,
      expiresAt: undefined,
      quarantined: false,
    };
    await this.#context.store.transact((one) => one.media.putMedia(record));
    return this.#uri(mediaId);
  }

  async #store(
    upload: Upload,
  ): Promise<Pick<MediaRecord, 'sizeBytes' | 'contentType' | 'fileName'> & { blob: string }> {
    const { blobs, maxUploadBytes } = this.#options;
    if ((upload.contentLength ?? 0) > maxUploadBytes) throw tooLarge(maxUploadBytes);
    try {
      const { name, sizeBytes } = await blobs.put(upload.bytes, maxUploadBytes);
      return {
        blob: name,
        sizeBytes,
        contentType: cleanContentType(upload.contentType),
        fileName: cleanFileName(upload.fileName),
      };
    } catch (error) {
      if (error instanceof OperationError && error.kind === 'too-large') throw tooLarge(maxUploadBytes);
      throw error;
    }
  }

  #uri(mediaId: string): string {
    return `mxc://${this.#context.serverName}/${mediaId}`;
  }

  /** Reserves an id whose bytes come later. Throws `M_LIMIT_EXCEEDED` for a user with too many empty ones. */
  async reserve(owner: UserId): Promise<{ uri: string; expiresAt: number }> {
    const { store, clock, random } = this.#context;
    const now = clock.now();
    if ((await store.media.countPending(owner, now)) >= PENDING_MAX) {
      throw new MatrixError('M_LIMIT_EXCEEDED', 'Too many uploads are pending', { extra: { retry_after_ms: 60_000 } });
    }
    const mediaId = random.token(MEDIA_ID_LENGTH);
    const expiresAt = now + PENDING_LIFETIME_MS;
    await store.transact((one) =>
      one.media.putMedia({
        mediaId,
        owner,
        createdAt: now,
        blob: undefined,
        sizeBytes: 0,
        contentType: undefined,
        fileName: undefined,
        expiresAt,
        quarantined: false,
      }),
    );
    return { uri: this.#uri(mediaId), expiresAt };
  }

  /** Fills a reserved id. Throws `M_CANNOT_OVERWRITE_MEDIA`, `M_FORBIDDEN`, `M_NOT_FOUND` or `M_TOO_LARGE`. */
  async fill(server: string, mediaId: string, upload: Upload): Promise<void> {
    const { store } = this.#context;
    const record = await this.#findRecord(server, mediaId);
    if (record === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such reservation');
    if (record.owner !== upload.owner) throw new MatrixError('M_FORBIDDEN', 'Somebody else has reserved this');
    if (record.blob !== undefined)
      throw new MatrixError('M_CANNOT_OVERWRITE_MEDIA', 'The media has its content already');
    const stored = await this.#store(upload);
    try {
      await store.transact((one) => one.media.fillMedia(mediaId, stored));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      throw new MatrixError('M_CANNOT_OVERWRITE_MEDIA', 'The media has its content already', { cause: error });
    }
    for (const arrived of this.#arrivals.get(mediaId) ?? []) arrived();
  }

  /** Deletes reservations that were not filled in time. */
  async deleteExpired(): Promise<void> {
    const { store, clock } = this.#context;
    for (;;) {
      const expired = await store.media.listExpired(clock.now(), EXPIRED_PAGE);
      if (expired.length === 0) return;
      await store.transact((one) => {
        for (const { mediaId } of expired) one.media.deleteMedia(mediaId);
      });
    }
  }

  async #findRecord(server: string, mediaId: string): Promise<MediaRecord | undefined> {
    if (server !== this.#context.serverName) return undefined;
    const record = await this.#context.store.media.findMedia(mediaId);
    const isGone = record?.blob === undefined && (record?.expiresAt ?? 0) <= this.#context.clock.now();
    return record === undefined || isGone || record.quarantined ? undefined : record;
  }

  /** The media with its bytes; waits for asynchronous uploads. Throws `M_NOT_FOUND` or `M_NOT_YET_UPLOADED`. */
  async #require(
    server: string,
    mediaId: string,
    timeoutMs: number | undefined,
  ): Promise<MediaRecord & { blob: string }> {
    const record = await this.#findRecord(server, mediaId);
    if (record === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such media');
    if (record.blob !== undefined) return { ...record, blob: record.blob };
    const arrival = this.#arrival(mediaId, Math.min(timeoutMs ?? WAIT_DEFAULT_MS, WAIT_MAX_MS));
    // Read again: it may have come between the first reading and the begin of the wait.
    const meanwhile = await this.#findRecord(server, mediaId);
    if (meanwhile?.blob !== undefined) for (const arrived of this.#arrivals.get(mediaId) ?? []) arrived();
    await arrival;
    const later = await this.#findRecord(server, mediaId);
    if (later?.blob === undefined) throw new MatrixError('M_NOT_YET_UPLOADED', 'The content has not been uploaded yet');
    return { ...later, blob: later.blob };
  }

  #arrival(mediaId: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#arrivals.get(mediaId) ?? new Set<() => void>();
      this.#arrivals.set(mediaId, waiting);
      const done = (): void => {
        timer.cancel();
        waiting.delete(done);
        if (waiting.size === 0) this.#arrivals.delete(mediaId);
        resolve();
      };
      const timer = this.#context.clock.schedule(Math.max(timeoutMs, 0), done);
      waiting.add(done);
    });
  }

  /** Opens media for download. `fileName` replaces the stored name. */
  async download(
    server: string,
    mediaId: string,
    options: { timeoutMs: number | undefined; fileName?: string | undefined },
  ): Promise<Download> {
    const record = await this.#require(server, mediaId, options.timeoutMs);
    const opened = await this.#options.blobs.open(record.blob);
    if (opened === undefined) throw new MatrixError('M_NOT_FOUND', 'The content is not there any more');
    const head = await this.#head(record.blob);
    const name = cleanFileName(options.fileName) ?? record.fileName;
    return {
      stream: opened.stream,
      headers: {
        ...safeHeaders(record.contentType ?? 'application/octet-stream', opened.sizeBytes),
        'Content-Disposition': contentDisposition(isInline(record.contentType, head) ? 'inline' : 'attachment', name),
      },
    };
  }

  async #head(blob: string): Promise<Uint8Array> {
    const opened = await this.#options.blobs.open(blob, { start: 0, end: 63 });
    const chunks: Uint8Array[] = [];
    if (opened === undefined) return new Uint8Array();
    for await (const chunk of opened.stream) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** A thumbnail, made at the first request and kept. Throws where the media is no picture that can be decoded. */
  async thumbnail(
    server: string,
    mediaId: string,
    wish: ThumbnailWish & { timeoutMs: number | undefined },
  ): Promise<Download> {
    const size = fitSize(wish);
    const record = await this.#require(server, mediaId, wish.timeoutMs);
    const variant = `${size.width}x${size.height}-${size.method}${wish.animated ? '-animated' : ''}`;
    const thumbnail = await this.#thumbnails.run(`${mediaId} ${variant}`, () =>
      this.#thumbnailOf(record, variant, { ...size, animated: wish.animated }),
    );
    const opened = await this.#options.blobs.open(thumbnail.blob);
    if (opened === undefined) throw new MatrixError('M_NOT_FOUND', 'The thumbnail is not there any more');
    return {
      stream: opened.stream,
      headers: {
        ...safeHeaders(thumbnail.contentType, opened.sizeBytes),
        'Content-Disposition': 'inline; filename=thumbnail',
      },
    };
  }

  async #thumbnailOf(
    record: MediaRecord & { blob: string },
    variant: string,
    size: ThumbnailWish,
  ): Promise<ThumbnailRecord> {
    const { store } = this.#context;
    const existing = await store.media.findThumbnail(record.mediaId, variant);
    if (existing !== undefined) return existing;
    const made = await this.#decode(record, size);
    const stored = await this.#options.blobs.put(once(made.bytes), THUMBNAIL_SOURCE_BYTES_MAX);
    const thumbnail: ThumbnailRecord = {
      mediaId: record.mediaId,
      variant,
      blob: stored.name,
      contentType: made.contentType,
      sizeBytes: stored.sizeBytes,
    };
    await store.transact((one) => one.media.putThumbnail(thumbnail));
    return thumbnail;
  }

  async #decode(record: MediaRecord & { blob: string }, size: ThumbnailWish): Promise<Thumbnail> {
    const { images, blobs } = this.#options;
    const refused = (cause?: unknown): MatrixError =>
      new MatrixError('M_UNKNOWN', 'No thumbnail can be made of this', { status: 400, cause });
    const opened = record.sizeBytes > THUMBNAIL_SOURCE_BYTES_MAX ? undefined : await blobs.open(record.blob);
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

function tooLarge(maxUploadBytes: number): MatrixError {
  return new MatrixError('M_TOO_LARGE', `An upload has at most ${maxUploadBytes} bytes`);
}

function safeHeaders(contentType: string, sizeBytes: number): Record<string, string> {
  return {
    'Content-Type': contentType,
    'Content-Length': String(sizeBytes),
    'Content-Security-Policy': SANDBOX,
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'private, max-age=86400, immutable',
  };
}

/** The smallest offered size that is not smaller than the one asked for, by the same method where there is one. */
function fitSize({ width, height, method }: ThumbnailWish): ThumbnailWish {
  if (!(width > 0 && height > 0)) throw new MatrixError('M_INVALID_PARAM', 'width and height are positive');
  const enough = (one: ThumbnailWish): boolean => one.width >= width && one.height >= height;
  const largest = { width: 800, height: 600, method, animated: false };
  const same = SIZES.find((one) => enough(one) && one.method === method);
  return same ?? { ...(SIZES.find(enough) ?? largest), method };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
