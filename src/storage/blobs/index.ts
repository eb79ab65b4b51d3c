import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { KeyedQueue } from '../../lib/queue.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Blobs, OpenBlob, StoredBlob } from '../../ports/blobs.ts';

const NAME = /^[0-9a-f]{64}$/;
const HEAD_BYTES = 64;
const CHUNK_BYTES = 65_536;

/** Blobs as files `ab/cd/<sha256>` under a folder; what is being written lies in `incoming`. */
export class FileBlobs implements Blobs {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #names = new KeyedQueue<string>();
  #count = 0;

  /** Makes the folder where it is missing, and drops what a crash left half written. One process may hold it. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#incoming = path.join(folder, 'incoming');
    mkdirSync(this.#incoming, { recursive: true, mode: 0o700 });
    for (const left of readdirSync(this.#incoming)) rmSync(path.join(this.#incoming, left));
  }

  async put(source: AsyncIterable<Uint8Array>, sizeBytesMax: number): Promise<StoredBlob> {
    this.#count += 1;
    const incoming = path.join(this.#incoming, String(this.#count));
    const file = await open(incoming, 'wx', 0o600);
    try {
      const blob = await receive(file, source, sizeBytesMax);
      await file.sync();
      await file.close();
      await this.#names.run(blob.name, () => this.#keep(incoming, blob.name));
      return blob;
    } catch (error) {
      await file.close().catch(() => undefined);
      await unlink(incoming).catch(() => undefined);
      throw operationError(error);
    }
  }

  async open(name: string, range?: { start: number; end: number }): Promise<OpenBlob | undefined> {
    if (!NAME.test(name)) return undefined;
    const file = this.#pathOf(name);
    const sizeBytes = await sizeOf(file);
    if (sizeBytes === undefined) return undefined;
    return { sizeBytes, stream: read(file, range?.start ?? 0, Math.min(sizeBytes, range?.end ?? sizeBytes)) };
  }

  async delete(name: string, isUsed: () => Promise<boolean>): Promise<void> {
    if (!NAME.test(name)) return;
    await this.#names.run(name, async () => {
      if (await isUsed()) return;
      try {
        await unlink(this.#pathOf(name));
      } catch (error) {
        if (!isCode(error, 'ENOENT')) throw operationError(error);
      }
    });
  }

  #pathOf(name: string): string {
    return path.join(this.#folder, name.slice(0, 2), name.slice(2, 4), name);
  }

  /** Gives the file its name; durable when it resolves. */
  async #keep(incoming: string, name: string): Promise<void> {
    const target = this.#pathOf(name);
    const folder = path.dirname(target);
    const parent = path.dirname(folder);
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await sizeOf(target)) !== undefined) await unlink(incoming);
    else await rename(incoming, target);
    await syncFolder(folder);
    if (made !== undefined) {
      await syncFolder(parent);
      await syncFolder(this.#folder);
    }
  }
}

async function receive(file: FileHandle, source: AsyncIterable<Uint8Array>, sizeBytesMax: number): Promise<StoredBlob> {
  const hash = createHash('sha256');
  const heads: Uint8Array[] = [];
  let [sizeBytes, headBytes] = [0, 0];
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > sizeBytesMax) throw new OperationError('too-large', { temporary: false });
    hash.update(chunk);
    if (headBytes < HEAD_BYTES) {
      heads.push(Uint8Array.from(chunk.subarray(0, HEAD_BYTES - headBytes)));
      headBytes += Math.min(chunk.length, HEAD_BYTES - headBytes);
    }
    for (let written = 0; written < chunk.length; ) {
      written += (await file.write(chunk, written)).bytesWritten;
    }
  }
  const sha256 = hash.digest();
  return { name: sha256.toString('hex'), sizeBytes, sha256, head: new Uint8Array(Buffer.concat(heads)) };
}

/** Bytes from `start` up to `end`, which is not included. The file is open only while somebody reads. */
async function* read(file: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    for (let at = start; at < end; ) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw operationError(error);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function operationError(error: unknown): unknown {
  if (isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT')) {
    return new OperationError('disk-full', { temporary: true, cause: error });
  }
  return error;
}
