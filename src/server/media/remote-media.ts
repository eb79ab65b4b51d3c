/** Media of other servers: fetched once, kept as blobs, forgotten when nobody asks for them any more. */
import { MatrixError, OperationError } from '../../matrix/errors.ts';
import type { ServerName, UserId } from '../../matrix/ids.ts';
import type { RemoteMediaRecord } from '../../ports/store/index.ts';
import { type BoundedMap, boundedMap } from '../bounded-map.ts';
import type { Context } from '../context.ts';
import { errorForClient, type Peers, type PeerStream, RemoteError } from '../peers/index.ts';
import { Allowance } from './allowance.ts';
import { cleanContentType } from './content-type.ts';
import { fileNameOf } from './disposition.ts';
import { readMediaPart } from './multipart.ts';
import type { Shelf } from './shelf.ts';

export interface RemoteMediaParts {
  readonly context: Context;
  readonly peers: Peers;
  readonly shelf: Shelf;
  readonly sizeBytesMax: number;
  readonly retentionMs: number;
}

export interface RemoteMediaRequest {
  readonly server: ServerName;
  readonly mediaId: string;
  readonly asker: UserId;
  /** How long the other server waits for media that has not been uploaded yet. */
  readonly timeoutMs: number;
}

interface Fetch {
  readonly asker: UserId;
  readonly record: Promise<RemoteMediaRecord>;
}

interface Refusal {
  readonly until: number;
  readonly error: MatrixError;
}

interface Fetched {
  readonly body: AsyncIterable<Uint8Array>;
  readonly contentType: string | undefined;
  readonly disposition: string | undefined;
}

/** The whole exchange: the largest media over a slow line. */
const FETCH_TIMEOUT_MS = 600_000;
/** What stands around the media in an answer. */
const FRAME_BYTES = 128 * 1024;
/** A server that has said no is not asked again at once. */
const REFUSED_MS = 30_000;
const REFUSALS_MAX = 10_000;
/** When somebody asked for media last is known to the hour. */
const USED_EVERY_MS = 3_600_000;
const DELETED_AT_ONCE = 500;

export class RemoteMedia {
  readonly #parts: RemoteMediaParts;
  readonly #allowance: Allowance;
  readonly #fetches = new Map<string, Fetch>();
  readonly #refusals: BoundedMap<string, Refusal> = boundedMap(REFUSALS_MAX);

  constructor(parts: RemoteMediaParts) {
    this.#parts = parts;
    this.#allowance = new Allowance(parts.context.clock);
  }

  /** The media, fetched if it is not here. Throws what a client may be told. */
  async get(request: RemoteMediaRequest): Promise<RemoteMediaRecord> {
    const { server, mediaId, asker } = request;
    const known = await this.#parts.context.store.federation.findRemoteMedia(server, mediaId);
    if (known?.quarantined === true) throw new MatrixError('M_NOT_FOUND', 'There is no such media');
    if (known !== undefined) {
      await this.#use(known);
      return known;
    }
    const key = `${server}/${mediaId}`;
    for (;;) {
      this.#requireWorthwhile(key);
      const running = this.#fetches.get(key);
      if (running === undefined) return await this.#start(key, request);
      try {
        return await running.record;
      } catch (error) {
        // What another user has used up is no reason to refuse this one.
        const isTheirs = error instanceof MatrixError && error.code === 'M_LIMIT_EXCEEDED' && running.asker !== asker;
        if (!isTheirs) throw error;
      }
    }
  }

  async #use(record: RemoteMediaRecord): Promise<void> {
    const { store, clock } = this.#parts.context;
    const now = clock.now();
    if (now - record.usedAt < USED_EVERY_MS) return;
    await store.transact((one) => one.federation.setRemoteMediaUsed(record.server, record.mediaId, now));
  }

  #requireWorthwhile(key: string): void {
    const refusal = this.#refusals.get(key);
    if (refusal !== undefined && refusal.until > this.#parts.context.clock.monotonic()) throw refusal.error;
  }

  async #start(key: string, request: RemoteMediaRequest): Promise<RemoteMediaRecord> {
    const record = this.#fetch(request);
    this.#fetches.set(key, { asker: request.asker, record });
    try {
      return await record;
    } catch (error) {
      const isLasting =
        error instanceof MatrixError && !['M_LIMIT_EXCEEDED', 'M_NOT_YET_UPLOADED'].includes(error.code);
      if (isLasting) this.#refusals.set(key, { until: this.#parts.context.clock.monotonic() + REFUSED_MS, error });
      throw error;
    } finally {
      this.#fetches.delete(key);
    }
  }

  async #fetch(request: RemoteMediaRequest): Promise<RemoteMediaRecord> {
    const { context, shelf, sizeBytesMax } = this.#parts;
    const { server, mediaId, asker } = request;
    this.#allowance.take(asker, 0);
    const streams: PeerStream[] = [];
    try {
      const { body, contentType, disposition } = await this.#open(request, streams);
      return await shelf.keep(this.#counted(body, asker), sizeBytesMax, async ({ name, sizeBytes }) => {
        const now = context.clock.now();
        const record: RemoteMediaRecord = {
          server,
          mediaId,
          blob: name,
          sizeBytes,
          contentType: cleanContentType(contentType),
          fileName: fileNameOf(disposition),
          fetchedAt: now,
          usedAt: now,
          quarantined: false,
        };
        await context.store.transact((one) => one.federation.putRemoteMedia(record));
        return record;
      });
    } catch (error) {
      throw clientError(error, server);
    } finally {
      for (const stream of streams) stream.cancel();
    }
  }

  async *#counted(body: AsyncIterable<Uint8Array>, asker: UserId): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      this.#allowance.take(asker, chunk.length);
      yield chunk;
    }
  }

  /** The bytes of the media, wherever they are; every stream that was opened is among `streams`. */
  async #open(request: RemoteMediaRequest, streams: PeerStream[]): Promise<Fetched> {
    const { peers, sizeBytesMax } = this.#parts;
    const { server, mediaId, timeoutMs: waitMs } = request;
    const limits = { bytesMax: sizeBytesMax + FRAME_BYTES, timeoutMs: FETCH_TIMEOUT_MS };
    const path = `/_matrix/federation/v1/media/download/${encodeURIComponent(mediaId)}?timeout_ms=${waitMs}`;
    let answer: PeerStream;
    try {
      answer = await peers.requestStream(server, { method: 'GET', path, ...limits });
    } catch (error) {
      if (!(error instanceof RemoteError) || error.errcode !== 'M_UNRECOGNIZED') throw error;
      return await this.#openLegacy(request, streams);
    }
    streams.push(answer);
    const { headers, body } = await readMediaPart(answer.contentType, answer.body);
    const location = headers.get('location');
    const [contentType, disposition] = [headers.get('content-type'), headers.get('content-disposition')];
    if (location === undefined) return { body, contentType, disposition };
    // "a `Location` header to redirect the caller to where the media can be retrieved"
    const elsewhere = await peers.requestLocation(server, location, limits);
    streams.push(elsewhere);
    return {
      body: elsewhere.body,
      contentType: contentType ?? elsewhere.contentType,
      disposition: disposition ?? elsewhere.disposition,
    };
  }

  /** Servers from before version 1.11 of the specification give media to anybody. */
  async #openLegacy(request: RemoteMediaRequest, streams: PeerStream[]): Promise<Fetched> {
    const { peers, sizeBytesMax } = this.#parts;
    const { server, mediaId, timeoutMs: waitMs } = request;
    // `allow_remote`: "to prevent routing loops where the server contacts itself". Without `allow_redirect` "the server
    // must return the media content itself".
    const query = `allow_remote=false&allow_redirect=false&timeout_ms=${waitMs}`;
    const path = `/_matrix/media/v3/download/${encodeURIComponent(server)}/${encodeURIComponent(mediaId)}?${query}`;
    const limits = { bytesMax: sizeBytesMax, timeoutMs: FETCH_TIMEOUT_MS };
    const answer = await peers.requestStream(server, { method: 'GET', path, isUnsigned: true, ...limits });
    streams.push(answer);
    return answer;
  }

  /** Forgets media that nobody has asked for in a long time. */
  async deleteUnused(): Promise<void> {
    const { context, shelf, retentionMs } = this.#parts;
    const { store, clock } = context;
    for (;;) {
      const unused = await store.federation.listRemoteMediaUnused(clock.now() - retentionMs, DELETED_AT_ONCE);
      if (unused.length === 0) return;
      const blobs = new Set(unused.map(({ blob }) => blob));
      for (const { server, mediaId } of unused) {
        for (const blob of await store.media.listThumbnailBlobs(`${server}/${mediaId}`)) blobs.add(blob);
      }
      await store.transact((one) => {
        for (const { server, mediaId } of unused) one.federation.deleteRemoteMedia(server, mediaId);
      });
      for (const blob of blobs) await shelf.deleteUnused(blob);
    }
  }
}

/** What a client is told where media could not be had. */
function clientError(error: unknown, server: ServerName): unknown {
  if (!(error instanceof OperationError)) return error;
  const isTooLarge = error.kind === 'too-large' || error.kind === 'answer too large';
  if (isTooLarge || (error instanceof RemoteError && error.errcode === 'M_TOO_LARGE')) {
    return new MatrixError('M_TOO_LARGE', 'The media is too large for this server', { status: 502, cause: error });
  }
  if (error instanceof RemoteError && error.errcode === 'M_NOT_YET_UPLOADED') {
    return new MatrixError('M_NOT_YET_UPLOADED', 'The content has not been uploaded yet', { cause: error });
  }
  if (error instanceof RemoteError && error.status === 404) {
    return new MatrixError('M_NOT_FOUND', 'There is no such media', { cause: error });
  }
  // The reader of the form does not know whose answer it reads.
  const isForm = error.server === undefined && error.kind === 'bad answer';
  return errorForClient(
    isForm ? new OperationError('bad answer', { temporary: false, server, cause: error }) : error,
    [],
  );
}
