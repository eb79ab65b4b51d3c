/**
 * What another server answers to a request for media: "a `boundary` … delineating exactly two parts", metadata and the
 * media itself. Read as it arrives: of what is not the media only a bounded piece is held. Pure.
 */
import { OperationError } from '../../matrix/errors.ts';

export interface MediaPart {
  /** Of the second part; names in lower case. They are the other side's words. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its bytes. Fails where the form is not kept to the end, also where the answer ends before it should. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What stands before the first part means nothing. */
const PREAMBLE_BYTES_MAX = 4_096;
const HEADERS_BYTES_MAX = 16_384;
/** "Currently, this will always be an empty object." */
const METADATA_BYTES_MAX = 65_536;
const LINE_BREAK = '\r\n';

/** Reads up to the bytes of the second part. Throws an {@link OperationError} `bad answer` for any other form. */
export async function readMediaPart(contentType: string, source: AsyncIterable<Uint8Array>): Promise<MediaPart> {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) throw badForm('no boundary');
  const delimiter = `${LINE_BREAK}--${boundary}`;
  // A delimiter begins with the line break before it, which the first one may do without.
  const bytes = new ByteReader(source, LINE_BREAK);
  await bytes.readUntil(delimiter, PREAMBLE_BYTES_MAX);
  await readHeaders(bytes);
  await bytes.readUntil(delimiter, METADATA_BYTES_MAX);
  const headers = await readHeaders(bytes);
  return { headers, body: lastPart(bytes, delimiter) };
}

async function* lastPart(bytes: ByteReader, delimiter: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* bytes.streamUntil(delimiter);
  // "exactly two parts": this delimiter is the last, which two hyphens say.
  if ((await bytes.read(2)) !== '--') throw badForm('more than two parts');
}

/** The boundary of a content type; `undefined` where it is not `multipart/mixed` with one. */
function boundaryOf(contentType: string): string | undefined {
  if (!/^\s*multipart\/mixed\s*;/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"\\\r\n]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** The headers behind a delimiter, up to the empty line. */
async function readHeaders(bytes: ByteReader): Promise<Map<string, string>> {
  const [rest = '', ...lines] = (await bytes.readUntil(LINE_BREAK + LINE_BREAK, HEADERS_BYTES_MAX)).split(LINE_BREAK);
  if (/[^ \t]/.test(rest)) throw badForm('a part does not begin where it should');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

function badForm(why: string): OperationError {
  return new OperationError('bad answer', { temporary: false, cause: new Error(`no media in two parts: ${why}`) });
}

class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer;

  constructor(source: AsyncIterable<Uint8Array>, start: string) {
    this.#chunks = source[Symbol.asyncIterator]();
    this.#held = Buffer.from(start);
  }

  async #more(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done === true) throw badForm('it ends too early');
    this.#held = Buffer.concat([this.#held, next.value]);
  }

  /** What stands before a mark, as text; the mark is read too. */
  async readUntil(mark: string, bytesMax: number): Promise<string> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      if (at > bytesMax || (at < 0 && this.#held.length > bytesMax + mark.length)) throw badForm('a part is too long');
      if (at >= 0) {
        const text = this.#held.toString('utf8', 0, at);
        this.#held = this.#held.subarray(at + mark.length);
        return text;
      }
      await this.#more();
    }
  }

  async read(length: number): Promise<string> {
    while (this.#held.length < length) await this.#more();
    return this.#held.toString('latin1', 0, length);
  }

  /** What stands before a mark, as it arrives; the mark is read too. */
  async *streamUntil(mark: string): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      // Up to here no mark begins, whatever comes.
      const end = at >= 0 ? at : this.#held.length - (mark.length - 1);
      if (end > 0) yield this.#held.subarray(0, end);
      this.#held = this.#held.subarray(at >= 0 ? at + mark.length : Math.max(end, 0));
      if (at >= 0) return;
      await this.#more();
    }
  }
}
