/** Bytes of media, addressed by names that we choose and that never derive from remote text. */
export interface Blobs {
  /**
   * Streams `source` to a new blob, fsyncs it and names it by its SHA-256, so that equal uploads are kept
   * once. Throws `OperationError('too-large')` past `sizeBytesMax`, and leaves nothing behind.
   */
  put(source: AsyncIterable<Uint8Array>, sizeBytesMax: number): Promise<StoredBlob>;
  /** Bytes of a blob, or those from `start` up to but not including `end`; `undefined` when there is no such blob. */
  open(name: string, range?: { start: number; end: number }): Promise<OpenBlob | undefined>;
  /** Deletes a blob unless it is used; nothing is put under its name while that is found out. */
  delete(name: string, isUsed: () => Promise<boolean>): Promise<void>;
}

export interface StoredBlob {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: Uint8Array;
  /** The first bytes (at most 64), for telling the type by content. */
  readonly head: Uint8Array;
}

export interface OpenBlob {
  /** Of the whole blob. */
  readonly sizeBytes: number;
  readonly stream: AsyncIterable<Uint8Array>;
}
