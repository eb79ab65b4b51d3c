import type { UserId } from '../../matrix/ids.ts';
import type { MediaReads, MediaRecord, MediaWrites, ThumbnailRecord } from '../../ports/store/index.ts';
import {
  bit,
  type Database,
  findInteger,
  findText,
  flagOf,
  integerOf,
  orNull,
  type Row,
  type StatementSink,
  textOf,
} from '../database.ts';
import { userIn } from './columns.ts';

const MEDIA = `SELECT media_id, owner, created_at, blob, size_bytes, content_type, file_name, expires_at, quarantined
  FROM media`;
const ONE_MEDIA = `${MEDIA} WHERE media_id = ?`;
const EXPIRED = `${MEDIA} WHERE blob IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?`;
const THUMBNAIL = `SELECT media_id, variant, blob, content_type, size_bytes FROM thumbnails
  WHERE media_id = ? AND variant = ?`;
const THUMBNAIL_BLOBS = 'SELECT blob FROM thumbnails WHERE media_id = ?';
const PENDING = `SELECT count(*) AS total FROM media WHERE owner = ? AND blob IS NULL
  AND (expires_at IS NULL OR expires_at > ?)`;
const USES = `SELECT (SELECT count(*) FROM media WHERE blob = ?) + (SELECT count(*) FROM thumbnails WHERE blob = ?)
  + (SELECT count(*) FROM remote_media WHERE blob = ?) AS total`;
const ADD_MEDIA = `INSERT INTO media (media_id, owner, created_at, blob, size_bytes, content_type, file_name,
  expires_at, quarantined) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const FILL = `UPDATE media SET blob = ?, size_bytes = ?, content_type = ?, file_name = ?, expires_at = NULL
  WHERE media_id = ? AND blob IS NULL`;
const PUT_THUMBNAIL = `INSERT INTO thumbnails (media_id, variant, blob, content_type, size_bytes)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (media_id, variant) DO UPDATE SET blob = excluded.blob,
  content_type = excluded.content_type, size_bytes = excluded.size_bytes`;
const QUARANTINE = 'UPDATE media SET quarantined = ? WHERE media_id = ?';
const DELETE_MEDIA = 'DELETE FROM media WHERE media_id = ?';
export const DELETE_THUMBNAILS = 'DELETE FROM thumbnails WHERE media_id = ?';

function mediaOf(row: Row): MediaRecord {
  return {
    mediaId: textOf(row, 'media_id'),
    owner: userIn(row, 'owner'),
    createdAt: integerOf(row, 'created_at'),
    blob: findText(row, 'blob'),
    sizeBytes: integerOf(row, 'size_bytes'),
    contentType: findText(row, 'content_type'),
    fileName: findText(row, 'file_name'),
    expiresAt: findInteger(row, 'expires_at'),
    quarantined: flagOf(row, 'quarantined'),
  };
}

function thumbnailOf(row: Row): ThumbnailRecord {
  return {
    mediaId: textOf(row, 'media_id'),
    variant: textOf(row, 'variant'),
    blob: textOf(row, 'blob'),
    contentType: textOf(row, 'content_type'),
    sizeBytes: integerOf(row, 'size_bytes'),
  };
}

/** Reads of media and thumbnails. */
export class MediaQueries implements MediaReads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async findMedia(mediaId: string): Promise<MediaRecord | undefined> {
    const [row] = await this.#database.all(ONE_MEDIA, mediaId);
    return row === undefined ? undefined : mediaOf(row);
  }

  async findThumbnail(mediaId: string, variant: string): Promise<ThumbnailRecord | undefined> {
    const [row] = await this.#database.all(THUMBNAIL, mediaId, variant);
    return row === undefined ? undefined : thumbnailOf(row);
  }

  async listThumbnailBlobs(mediaId: string): Promise<string[]> {
    return (await this.#database.all(THUMBNAIL_BLOBS, mediaId)).map((row) => textOf(row, 'blob'));
  }

  async countPending(user: UserId, now: number): Promise<number> {
    const [row] = await this.#database.all(PENDING, user, now);
    return row === undefined ? 0 : integerOf(row, 'total');
  }

  async listExpired(now: number, limit: number): Promise<MediaRecord[]> {
    return (await this.#database.all(EXPIRED, now, limit)).map(mediaOf);
  }

  async countBlobUses(blob: string): Promise<number> {
    const [row] = await this.#database.all(USES, blob, blob, blob);
    return row === undefined ? 0 : integerOf(row, 'total');
  }
}

/** Writes of media and thumbnails. */
export class MediaStatements implements MediaWrites {
  readonly #sink: StatementSink;

  constructor(sink: StatementSink) {
    this.#sink = sink;
  }

  putMedia(record: MediaRecord): void {
    this.#sink.run(
      ADD_MEDIA,
      record.mediaId,
      record.owner,
      record.createdAt,
      orNull(record.blob),
      record.sizeBytes,
      orNull(record.contentType),
      orNull(record.fileName),
      orNull(record.expiresAt),
      bit(record.quarantined),
    );
  }

  fillMedia(
    mediaId: string,
    bytes: { blob: string; sizeBytes: number; contentType: string | undefined; fileName: string | undefined },
  ): void {
    const { blob, sizeBytes, contentType, fileName } = bytes;
    this.#sink.runOne(FILL, blob, sizeBytes, orNull(contentType), orNull(fileName), mediaId);
  }

  putThumbnail(record: ThumbnailRecord): void {
    const { mediaId, variant, blob, contentType, sizeBytes } = record;
    this.#sink.run(PUT_THUMBNAIL, mediaId, variant, blob, contentType, sizeBytes);
  }

  setQuarantined(mediaId: string, quarantined: boolean): void {
    this.#sink.runOne(QUARANTINE, bit(quarantined), mediaId);
  }

  deleteMedia(mediaId: string): void {
    this.#sink.run(DELETE_MEDIA, mediaId);
    this.#sink.run(DELETE_THUMBNAILS, mediaId);
  }
}
