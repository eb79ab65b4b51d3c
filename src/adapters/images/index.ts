import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Images, Thumbnail, ThumbnailOptions } from '../../ports/images.ts';

/** A request to the decoder's process. */
export interface DecodeRequest {
  readonly id: number;
  readonly source: Uint8Array;
  readonly options: ThumbnailOptions;
}

/** Its answer: a thumbnail, or why there is none. */
export interface DecodeAnswer {
  readonly id: number;
  readonly thumbnail?: Thumbnail;
  readonly refused?: string;
}

export interface ImagesOptions {
  /** Pictures that may wait; more are refused as temporary. */
  readonly queueMax?: number;
  readonly timeoutMs?: number;
  /** How long the process may be idle before it is ended: a decoder holds memory. */
  readonly idleMs?: number;
}

interface Job {
  readonly request: DecodeRequest;
  readonly resolve: (thumbnail: Thumbnail) => void;
  readonly reject: (error: Error) => void;
}

const PACKAGE = 'sharp';
const DEFAULTS = { queueMax: 32, timeoutMs: 20_000, idleMs: 30_000 } as const;

/**
 * Decodes pictures in a process of its own: what a hostile picture can break is that process, which is replaced. One
 * picture at a time; the rest waits.
 */
class ChildImages implements Images {
  readonly #options: Required<ImagesOptions>;
  readonly #waiting: Job[] = [];
  #child: ChildProcess | undefined;
  #running: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(options: ImagesOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  thumbnail(source: Uint8Array, options: ThumbnailOptions): Promise<Thumbnail> {
    if (this.#waiting.length >= this.#options.queueMax) {
      return Promise.reject(new OperationError('images-busy', { temporary: true }));
    }
    this.#count += 1;
    const request = { id: this.#count, source, options };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#next();
    });
  }

  /** Ends the process. */
  close(): void {
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #next(): void {
    if (this.#running !== undefined) return;
    clearTimeout(this.#timer);
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#timer = setTimeout(() => {
        this.close();
      }, this.#options.idleMs);
      this.#timer.unref();
      return;
    }
    this.#running = job;
    this.#timer = setTimeout(() => {
      this.#fail('took too long');
    }, this.#options.timeoutMs);
    this.#ensureChild().send(job.request);
  }

  #ensureChild(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const file = fileURLToPath(siblingUrl(import.meta.url, './decoder'));
    // 'advanced' hands bytes over as bytes.
    const child = fork(file, { serialization: 'advanced', env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (answer: DecodeAnswer) => {
      this.#answer(answer);
    });
    child.on('exit', () => {
      if (this.#child === child) this.#fail('broke the decoder');
    });
    child.unref();
    child.channel?.unref();
    this.#child = child;
    return child;
  }

  #answer(answer: DecodeAnswer): void {
    const job = this.#running;
    if (job === undefined || job.request.id !== answer.id) return;
    this.#running = undefined;
    if (answer.thumbnail === undefined) job.reject(refusal(answer.refused ?? 'no answer'));
    else job.resolve(answer.thumbnail);
    this.#next();
  }

  #fail(why: string): void {
    const job = this.#running;
    this.#running = undefined;
    this.close();
    job?.reject(refusal(why));
    this.#next();
  }
}

function refusal(why: string): OperationError {
  return new OperationError('image-refused', { temporary: false, cause: new Error(why) });
}

/** The Images port; `undefined` where the package is not installed, and then there are no server-made thumbnails. */
export function createImages(options: ImagesOptions = {}): ChildImages | undefined {
  try {
    import.meta.resolve(PACKAGE);
  } catch {
    return undefined;
  }
  return new ChildImages(options);
}
