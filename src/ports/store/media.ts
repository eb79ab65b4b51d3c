import type { UserId } from '../../matrix/ids.ts';

export interface MediaRecord {
  readonly mediaId: string;
  readonly owner: UserId;
  readonly createdAt: number;
  /** `undefined` until the bytes of an asynchronous upload have come. */
  readonly blob: string | undefined;
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
  readonly fileName: string | undefined;
  /** An asynchronous upload that is not filled by then is gone. */
  readonly expiresAt: number | undefined;
  readonly quarantined: boolean;
}

export interface ThumbnailRecord {
  /** For media of another server `server/mediaId`, which no id of ours can be. */
  readonly mediaId: string;
  /** Size and method as the key, for example `96x96-crop` or `96x96-crop-animated`. */
  readonly variant: string;
  readonly blob: string;
  readonly contentType: string;
  readonly sizeBytes: number;
}

export interface MediaReads {
  findMedia(mediaId: string): Promise<MediaRecord | undefined>;
  findThumbnail(mediaId: string, variant: string): Promise<ThumbnailRecord | undefined>;
  /** The blobs of every thumbnail of a media. */
  listThumbnailBlobs(mediaId: string): Promise<string[]>;
  /** Uploads the user has reserved and not filled, at `now`. */
  countPending(user: UserId, now: number): Promise<number>;
  listExpired(now: number, limit: number): Promise<MediaRecord[]>;
  /** How many media, ours and remote, and thumbnails use a blob. */
  countBlobUses(blob: string): Promise<number>;
}

export interface MediaWrites {
  putMedia(record: MediaRecord): void;
  /** Fails the transaction where the media already has its bytes. */
  fillMedia(
    mediaId: string,
    bytes: { blob: string; sizeBytes: number; contentType: string | undefined; fileName: string | undefined },
  ): void;
  putThumbnail(record: ThumbnailRecord): void;
  setQuarantined(mediaId: string, quarantined: boolean): void;
  deleteMedia(mediaId: string): void;
}
