/** Entry of the writer thread: it owns the only connection that writes. */
import { statSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { present } from '../../lib/assert.ts';
import type { SigningKey } from '../../ports/crypto.ts';
import { loadSigner } from '../signer.ts';
import type { Flat } from '../write-unit.ts';
import { openConnection } from './connection.ts';
import { SqliteWriter } from './writer.ts';

export interface WriterData {
  readonly path: string;
  readonly encryptionKey: string | undefined;
  readonly cryptoModule: string;
  readonly signingKeys: readonly SigningKey[];
}

/** What the main thread sends: a flat batch, or one of these. */
export type WriterOrder = 'close' | 'settings';

const IDLE_MS = 50;
const LOG_BYTES_MAX = 128 * 1024 * 1024;
const TRUNCATE_EVERY_MS = 60 * 60 * 1000;
/** Looking at the log's size is a system call; every so many batches is enough. */
const SIZE_CHECK_BATCHES = 64;

/** Checkpoints when nothing waits: "`wal_checkpoint(PASSIVE)` … when its queue has been empty 50 ms". */
class Checkpoints {
  readonly #writer: SqliteWriter;
  readonly #logPath: string;
  #timer: NodeJS.Timeout | undefined;
  #batches = 0;
  #truncatedAt = performance.now();

  constructor(writer: SqliteWriter, path: string) {
    this.#writer = writer;
    this.#logPath = `${path}-wal`;
  }

  afterBatch(): void {
    this.#batches += 1;
    if (this.#batches % SIZE_CHECK_BATCHES === 0 && this.#logBytes() > LOG_BYTES_MAX)
      this.#writer.checkpoint('passive');
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#whenIdle();
      }, IDLE_MS);
    } else {
      this.#timer.refresh();
    }
  }

  #whenIdle(): void {
    this.#timer = undefined;
    const truncate = this.#writer.erased || performance.now() - this.#truncatedAt > TRUNCATE_EVERY_MS;
    const done = this.#writer.checkpoint(truncate ? 'truncate' : 'passive');
    if (truncate && done) this.#truncatedAt = performance.now();
    // Redacted text leaves the disk now, not with the next write.
    const isUnfinished = truncate && !done;
    if (this.#writer.giveBack() || isUnfinished) this.#schedule();
  }

  #logBytes(): number {
    return statSync(this.#logPath, { throwIfNoEntry: false })?.size ?? 0;
  }
}

async function main(port: MessagePort, data: WriterData): Promise<void> {
  const signer = await loadSigner(data.cryptoModule, data.signingKeys);
  const { path, encryptionKey } = data;
  const connection = await openConnection({ path, encryptionKey, readOnly: false });
  const writer = new SqliteWriter(connection, signer, () => performance.now());
  const checkpoints = new Checkpoints(writer, path);
  port.on('message', (message: readonly Flat[] | WriterOrder) => {
    if (message === 'settings') {
      port.postMessage(writer.settings());
    } else if (message === 'close') {
      checkpoints.stop();
      writer.close();
      port.postMessage('closed');
      port.close();
    } else {
      port.postMessage(writer.write(message));
      checkpoints.afterBatch();
    }
  });
  port.postMessage('ready');
}

await main(present(parentPort, 'the writer runs in a worker thread'), workerData as WriterData);
