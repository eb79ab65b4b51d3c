/** Reads numbers and slices off bytes that may end anywhere. Pure. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next number of `width` bytes (at most 6), big-endian; `undefined` at the end. */
  number(width: number): number | undefined {
    if (this.left < width) return undefined;
    let value = 0;
    for (let i = 0; i < width; i += 1) value = value * 256 + (this.#bytes[this.#at + i] ?? 0);
    this.#at += width;
    return value;
  }

  /** The next bytes, without a copy; `undefined` where there are not so many. */
  bytes(count: number): Uint8Array | undefined {
    if (this.left < count) return undefined;
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Bytes behind a length of `width` bytes; with `isPartial`, as many of them as there are. */
  block(width: number, isPartial = false): Uint8Array | undefined {
    const length = this.number(width);
    if (length === undefined) return undefined;
    return this.bytes(isPartial ? Math.min(length, this.left) : length);
  }
}
