/** Tells a route that is throttled from one that is slow, by the bytes of an answer as they come. */
import type { ClientEnvironment } from '../environment.ts';
import { RouteFailure } from './failures.ts';

/** "no byte arrives for 8 s after ≥16 KB, or <2 KB/s for 20 s". */
const FREEZE_AFTER_BYTES = 16 * 1024;
const FREEZE_MS = 8_000;
const SLOW_BYTES_PER_SECOND = 2 * 1024;
const SLOW_MS = 20_000;
/** Where an answer stops before its sixteenth kilobyte. */
const STALL_MS = 30_000;
const LOOK_EVERY_MS = 1_000;

/** The verdict on one answer; it knows nothing of clocks or streams. */
export class Progress {
  #bytes = 0;
  #lastByteMs: number;
  #windowStartMs: number;
  #windowBytes = 0;

  constructor(nowMs: number) {
    this.#lastByteMs = nowMs;
    this.#windowStartMs = nowMs;
  }

  add(bytes: number, nowMs: number): void {
    this.#bytes += bytes;
    this.#windowBytes += bytes;
    this.#lastByteMs = nowMs;
  }

  /** What is wrong now; `undefined` while the answer may go on. */
  verdict(nowMs: number): 'throttled' | 'timeout' | undefined {
    const silentMs = nowMs - this.#lastByteMs;
    if (this.#bytes >= FREEZE_AFTER_BYTES && silentMs >= FREEZE_MS) return 'throttled';
    if (silentMs >= STALL_MS) return 'timeout';
    const windowMs = nowMs - this.#windowStartMs;
    if (windowMs < SLOW_MS) return undefined;
    const isSlow = this.#windowBytes * 1000 < SLOW_BYTES_PER_SECOND * windowMs;
    this.#windowStartMs = nowMs;
    this.#windowBytes = 0;
    return isSlow ? 'throttled' : undefined;
  }
}

/** Statuses whose answers have no body. */
const BODILESS = new Set([204, 205, 304]);

/** Reads an answer whole. Rejects with a {@link RouteFailure} where the bytes do not come as they should. */
export async function readWatched(response: Response, environment: ClientEnvironment): Promise<Response> {
  const { status, statusText, headers, body } = response;
  if (body === null || BODILESS.has(status)) return response;
  const reader = body.getReader();
  const progress = new Progress(environment.nowMs());
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const chunk = await nextChunk(reader, progress, environment);
    if (chunk === undefined) break;
    progress.add(chunk.length, environment.nowMs());
    chunks.push(chunk);
  }
  // Encoding and length are those of the wire: what was read is neither.
  const told = new Headers(headers);
  told.delete('content-encoding');
  told.delete('content-length');
  return new Response(new Blob(chunks), { status, statusText, headers: told });
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

async function nextChunk(
  reader: Reader,
  progress: Progress,
  environment: ClientEnvironment,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reading = reader.read();
  const read = reading.then(({ done, value }) => (done ? 'end' : value));
  for (;;) {
    const look = new AbortController();
    const next = await Promise.race([read, environment.sleep(LOOK_EVERY_MS, look.signal)]).finally(() => look.abort());
    if (next === 'end') return undefined;
    if (next instanceof Uint8Array) return next;
    const verdict = progress.verdict(environment.nowMs());
    if (verdict === undefined) continue;
    read.catch(() => undefined);
    void reader.cancel().catch(() => undefined);
    throw new RouteFailure(verdict);
  }
}
