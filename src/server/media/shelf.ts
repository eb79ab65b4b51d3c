/** Blobs and the records that name them: none is deleted between its writing and that of its record. */
import type { Blobs, OpenBlob, StoredBlob } from '../../ports/blobs.ts';
import type { MediaReads } from '../../ports/store/index.ts';

export class Shelf {
  readonly #blobs: Blobs;
  readonly #reads: MediaReads;
  /** Blobs that are stored and whose records are being written, with how many there are. */
  readonly #fresh = new Map<string, number>();

  constructor(blobs: Blobs, reads: MediaReads) {
    this.#blobs = blobs;
    this.#reads = reads;
  }

  /** Stores bytes and writes the record that names them. Throws `OperationError('too-large')`. */
  async keep<T>(
    source: AsyncIterable<Uint8Array>,
    sizeBytesMax: number,
    record: (stored: StoredBlob) => Promise<T>,
  ): Promise<T> {
    const stored = await this.#blobs.put(source, sizeBytesMax);
    const { name } = stored;
    this.#fresh.set(name, (this.#fresh.get(name) ?? 0) + 1);
    try {
      return await record(stored);
    } finally {
      const left = (this.#fresh.get(name) ?? 1) - 1;
      if (left === 0) this.#fresh.delete(name);
      else this.#fresh.set(name, left);
    }
  }

  open(name: string, range?: { start: number; end: number }): Promise<OpenBlob | undefined> {
    return this.#blobs.open(name, range);
  }

  /** Deletes a blob that no record names. */
  async deleteUnused(name: string): Promise<void> {
    await this.#blobs.delete(name, async () => {
      const uses = await this.#reads.countBlobUses(name);
      return uses > 0 || this.#fresh.has(name);
    });
  }
}
