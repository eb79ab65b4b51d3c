/** Media: uploads, downloads, thumbnails. The face of the folder. */
import { MatrixError, OperationError } from '../../matrix/errors.ts';
import { parseMxcUri, type UserId } from '../../matrix/ids.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { Images } from '../../ports/images.ts';
import { ConflictError, type MediaRecord } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import { cleanContentType, cleanFileName, contentDisposition, isInline } from './content-type.ts';
import { RemoteMedia } from './remote-media.ts';
import { Shelf } from './shelf.ts';
import { type Content, fitSize, Thumbnails, type ThumbnailWish } from './thumbnails.ts';

export interface MediaOptions {
  readonly blobs: Blobs;
  /** Absent where pictures cannot be decoded: then there are no thumbnails. */
  readonly images: Images | undefined;
  readonly maxUploadBytes: number;
  /** `media.remoteRetention` */
  readonly remoteRetentionMs: number;
}

/** Who asks for media. */
export interface MediaAsker {
  /** Media of other servers are fetched for users only: never for callers without a name (adv-121). */
  readonly user: UserId | undefined;
  /** How long to wait for media that has not been uploaded yet. */
  readonly timeoutMs: number | undefined;
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

type StoredUpload = Pick<MediaRecord, 'sizeBytes' | 'contentType' | 'fileName'> & { readonly blob: string };

/** 18 random bytes: nobody guesses a media id. */
const MEDIA_ID_LENGTH = 24;
/** "unused_expires_at": how long an id waits for its bytes. */
const PENDING_LIFETIME_MS = 24 * 3_600_000;
const PENDING_MAX = 50;
const EXPIRED_PAGE = 500;
/** "timeout_ms … default 20 seconds". */
const WAIT_DEFAULT_MS = 20_000;
const WAIT_MAX_MS = 60_000;
/**
 * "Content-Security-Policy … sandbox": whatever is opened from here runs nothing and reaches nothing (adv-125).
 */
const SANDBOX =
  "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; " +
  "object-src 'self'; frame-ancestors 'none'";

export class Media {
  readonly #context: Context;
  readonly #options: MediaOptions;
  readonly #shelf: Shelf;
  readonly #thumbnails: Thumbnails;
  readonly #remote: RemoteMedia;
  readonly #arrivals = new Map<string, Set<() => void>>();

  constructor(context: Context, peers: Peers, options: MediaOptions) {
    const { blobs, images, maxUploadBytes, remoteRetentionMs } = options;
    const { store } = context;
    this.#context = context;
    this.#options = options;
    this.#shelf = new Shelf(blobs, store.media);
    this.#thumbnails = new Thumbnails({ store, shelf: this.#shelf, images });
    this.#remote = new RemoteMedia({
      context,
      peers,
      shelf: this.#shelf,
      sizeBytesMax: maxUploadBytes,
      retentionMs: remoteRetentionMs,
    });
  }

  /** Stores an upload and returns its `mxc://` URI. Throws `M_TOO_LARGE`. */
  async upload(upload: Upload): Promise<string> {
    const mediaId = this.#context.random.token(MEDIA_ID_LENGTH);
    await this.#store(upload, async (stored) => {
      const record: MediaRecord = {
        mediaId,
        owner: upload.owner,
        createdAt: this.#context.clock.now(),
        ...stored,
        expiresAt: undefined,
        quarantined: false,
      };
      await this.#context.store.transact((one) => one.media.putMedia(record));
    });
    return this.#uri(mediaId);
  }

  async #store(upload: Upload, record: (stored: StoredUpload) => Promise<void>): Promise<void> {
    const { maxUploadBytes } = this.#options;
    if ((upload.contentLength ?? 0) > maxUploadBytes) throw tooLarge(maxUploadBytes);
    try {
      await this.#shelf.keep(upload.bytes, maxUploadBytes, ({ name, sizeBytes }) =>
        record({
          blob: name,
          sizeBytes,
          contentType: cleanContentType(upload.contentType),
          fileName: cleanFileName(upload.fileName),
        }),
      );
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
    try {
      await this.#store(upload, (stored) => store.transact((one) => one.media.fillMedia(mediaId, stored)));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      throw new MatrixError('M_CANNOT_OVERWRITE_MEDIA', 'The media has its content already', { cause: error });
    }
    for (const arrived of this.#arrivals.get(mediaId) ?? []) arrived();
  }

  /** Deletes reservations that were not filled in time, and media of other servers that nobody asks for. */
  async deleteExpired(): Promise<void> {
    const { store, clock } = this.#context;
    await this.#remote.deleteUnused();
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
  async #require(server: string, mediaId: string, { user, timeoutMs }: MediaAsker): Promise<Content> {
    const waitMs = Math.min(Math.max(timeoutMs ?? WAIT_DEFAULT_MS, 0), WAIT_MAX_MS);
    if (server === this.#context.serverName) {
      const record = await this.#requireLocal(mediaId, waitMs);
      return { ...record, key: mediaId };
    }
    const uri = parseMxcUri(`mxc://${server}/${mediaId}`);
    if (uri === undefined || user === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such media');
    const record = await this.#remote.get({ ...uri, asker: user, timeoutMs: waitMs });
    return { ...record, key: `${uri.server}/${uri.mediaId}` };
  }

  async #requireLocal(mediaId: string, waitMs: number): Promise<MediaRecord & { blob: string }> {
    const server = this.#context.serverName;
    const record = await this.#findRecord(server, mediaId);
    if (record === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such media');
    if (record.blob !== undefined) return { ...record, blob: record.blob };
    const arrival = this.#arrival(mediaId, waitMs);
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
      const timer = this.#context.clock.schedule(timeoutMs, done);
      waiting.add(done);
    });
  }

  /** Opens media for download. `fileName` replaces the stored name. */
  async download(
    server: string,
    mediaId: string,
    options: MediaAsker & { fileName?: string | undefined },
  ): Promise<Download> {
    const record = await this.#require(server, mediaId, options);
    const opened = await this.#shelf.open(record.blob);
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
    const opened = await this.#shelf.open(blob, { start: 0, end: 63 });
    const chunks: Uint8Array[] = [];
    if (opened === undefined) return new Uint8Array();
    for await (const chunk of opened.stream) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** A thumbnail, made at the first request and kept. Throws where the media is no picture that can be decoded. */
  async thumbnail(server: string, mediaId: string, wish: ThumbnailWish & MediaAsker): Promise<Download> {
    const size = fitSize(wish);
    const thumbnail = await this.#thumbnails.get(await this.#require(server, mediaId, wish), size);
    const opened = await this.#shelf.open(thumbnail.blob);
    if (opened === undefined) throw new MatrixError('M_NOT_FOUND', 'The thumbnail is not there any more');
    return {
      stream: opened.stream,
      headers: {
        ...safeHeaders(thumbnail.contentType, opened.sizeBytes),
        'Content-Disposition': 'inline; filename=thumbnail',
      },
    };
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
