/** Decoding and scaling of pictures, in a pool of its own with limits; absent where the library is not installed. */
export interface Images {
  /**
   * Scales a JPEG, PNG, WebP or GIF given as bytes. Throws `OperationError('image-refused')` for other types,
   * for more than the pixel limit and for anything the decoder does not accept.
   */
  thumbnail(source: Uint8Array, options: ThumbnailOptions): Promise<Thumbnail>;
}

export interface ThumbnailOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly method: 'crop' | 'scale';
  readonly animated: boolean;
}

export interface Thumbnail {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly widthPx: number;
  readonly heightPx: number;
}
