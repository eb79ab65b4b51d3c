/** A request as it came, for whoever has to tell who sent it. */
import type { IncomingMessage } from 'node:http';
import type { JsonValue } from '../../matrix/json.ts';
import { parseBody, readBytes } from './body.ts';

export class Incoming {
  readonly method: string;
  /** Path and query, not normalised. */
  readonly target: string;
  readonly #request: IncomingMessage;
  readonly #numbers: 'double' | 'raw' | undefined;
  #bytes: Promise<Uint8Array> | undefined;
  #json: Promise<JsonValue> | undefined;

  constructor(request: IncomingMessage, numbers?: 'double' | 'raw') {
    this.method = request.method ?? 'GET';
    this.target = request.url ?? '/';
    this.#request = request;
    this.#numbers = numbers;
  }

  /** The query without its mark; empty where there is none. */
  get search(): string {
    const mark = this.target.indexOf('?');
    return mark < 0 ? '' : this.target.slice(mark + 1);
  }

  /** Every header of a name (in lower case), apart. */
  headers(name: string): readonly string[] {
    return this.#request.headersDistinct[name] ?? [];
  }

  /** The whole body: read once, at the first question. Throws `M_TOO_LARGE`. */
  bytes(): Promise<Uint8Array> {
    this.#bytes ??= readBytes(this.#request);
    return this.#bytes;
  }

  /** The body as JSON: parsed once. Throws `M_NOT_JSON`. */
  json(): Promise<JsonValue> {
    this.#json ??= this.bytes().then((bytes) => parseBody(bytes, this.#numbers));
    return this.#json;
  }

  /** Forgets the parsed body, which takes many times the bytes: for whoever waits with the bytes alone. */
  forgetJson(): void {
    this.#json = undefined;
  }
}
