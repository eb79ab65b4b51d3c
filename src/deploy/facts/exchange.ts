/** What a connection carries: the time of the other side, many bytes, large packets. */
import type { TLSSocket } from 'node:tls';

export interface Exchange {
  /** The Date of the other side. */
  readonly dateMs: number | undefined;
  /** When it was read here. */
  readonly atMs: number;
  readonly transfer: { readonly bytes: number; readonly ms: number; readonly hasStalled: boolean };
  readonly passesLarge: boolean;
}

/** "64 KB throughput": connections to some addresses freeze after 16 to 20 KB. */
const TRANSFER_BYTES = 65_536;
const BATCH = 64;
const BATCHES_MAX = 16;
/** More than one packet of any line, less than a server's limit for headers. */
const LARGE_BYTES = 6_000;
/** Of a server that never ends. */
const BYTES_MAX = 4_194_304;
const WAIT_MAX_MS = 60_000;
const DATE = /^date: ([^\r\n]{1,64})\r$/im;
const STATUS = 'HTTP/1.1 ';

/** Sends requests over connections that `connect` makes; `undefined` where nothing was answered at all. */
export async function exchangeOver(
  connect: () => Promise<TLSSocket | undefined>,
  host: string,
  timeoutMs: number,
): Promise<Exchange | undefined> {
  const secure = await connect();
  if (secure === undefined) return undefined;
  const reader = new Reader(secure, timeoutMs);
  try {
    secure.write(requestTo(host));
    if (!(await reader.untilAnswers(1))) return undefined;
    const atMs = Date.now();
    const date = Date.parse(DATE.exec(reader.head)?.[1] ?? '');
    const transfer = await transferOver(secure, reader, host);
    const passesLarge = await isLargeAnswered(connect, host, timeoutMs);
    return { dateMs: Number.isNaN(date) ? undefined : date, atMs, transfer, passesLarge };
  } finally {
    secure.destroy();
  }
}

/** Many small requests at once, until enough bytes have come back. */
async function transferOver(secure: TLSSocket, reader: Reader, host: string): Promise<Exchange['transfer']> {
  reader.reset();
  let wanted = 0;
  for (let batch = 0; batch < BATCHES_MAX && reader.bytes < TRANSFER_BYTES; batch += 1) {
    secure.write(requestTo(host).repeat(BATCH));
    wanted += BATCH;
    const hasAll = await reader.untilAnswers(wanted);
    if (!hasAll) return { bytes: reader.bytes, ms: reader.ms, hasStalled: reader.isSilent };
  }
  return { bytes: reader.bytes, ms: reader.ms, hasStalled: false };
}

async function isLargeAnswered(
  connect: () => Promise<TLSSocket | undefined>,
  host: string,
  timeoutMs: number,
): Promise<boolean> {
  const secure = await connect();
  // That a further connection fails says nothing of packets.
  if (secure === undefined) return true;
  try {
    const reader = new Reader(secure, timeoutMs);
    secure.write(requestTo(host, `X-Padding: ${'x'.repeat(LARGE_BYTES)}\r\n`));
    return (await reader.untilAnswers(1)) || reader.hasEnded;
  } finally {
    secure.destroy();
  }
}

function requestTo(host: string, more = ''): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `GET /_matrix/client/versions HTTP/1.1\r\nHost: ${name}\r\n${more}\r\n`;
}

/** Counts what comes, and gives up when nothing comes for a while. */
class Reader {
  bytes = 0;
  /** The beginning of what came. */
  head = '';
  hasEnded = false;
  /** Nothing came for long. */
  isSilent = false;
  #answers = 0;
  #tail = '';
  #firstAt = 0;
  #lastAt = 0;
  #onChange: (() => void) | undefined;
  readonly #timeoutMs: number;

  constructor(socket: TLSSocket, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const event of ['end', 'close', 'error'] as const) {
      socket.on(event, () => {
        this.hasEnded = true;
        this.#onChange?.();
      });
    }
  }

  /** From the first byte to the last one. */
  get ms(): number {
    return Math.round(this.#lastAt - this.#firstAt);
  }

  reset(): void {
    this.bytes = 0;
    this.#answers = 0;
  }

  /** Whether so many answers have begun; `false` where the connection ended, or nothing came for long. */
  async untilAnswers(count: number): Promise<boolean> {
    const endAt = performance.now() + WAIT_MAX_MS;
    while (this.#answers < count && !this.hasEnded && this.bytes < BYTES_MAX && performance.now() < endAt) {
      const before = this.bytes;
      await this.#change();
      if (this.bytes !== before || this.hasEnded) continue;
      this.isSilent = true;
      break;
    }
    return this.#answers >= count;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#onChange = undefined;
        resolve();
      };
      const timer = setTimeout(end, this.#timeoutMs);
      this.#onChange = end;
    });
  }

  #take(chunk: Buffer): void {
    this.#lastAt = performance.now();
    if (this.bytes === 0) this.#firstAt = this.#lastAt;
    this.bytes += chunk.length;
    if (this.head.length < 4_096) this.head += chunk.toString('latin1');
    // A status line may come in two pieces.
    const text = this.#tail + chunk.toString('latin1');
    this.#answers += text.split(STATUS).length - 1;
    this.#tail = text.slice(-(STATUS.length - 1));
    this.#onChange?.();
  }
}
