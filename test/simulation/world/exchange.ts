/** One HTTP request without a socket: the handler that a listener would call is called with objects of ours. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Writable } from 'node:stream';

export interface PlainRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

export interface PlainAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
}

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The parts of an IncomingMessage that handlers look at. */
class MemoryRequest extends Readable {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly headersDistinct: Readonly<Record<string, readonly string[]>>;
  readonly socket = { remoteAddress: '127.0.0.1' };
  readonly complete = true;

  constructor({ method, target, headers, body }: PlainRequest) {
    super({ read: () => undefined });
    this.method = method;
    this.url = target;
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    this.headers = Object.fromEntries(lower);
    this.headersDistinct = Object.fromEntries(lower.map(([name, value]) => [name, [value]]));
    if (body !== undefined && body.length > 0) this.push(Buffer.from(body));
    this.push(null);
  }
}

/** The parts of a ServerResponse that the dispatcher uses. */
class MemoryResponse extends Writable {
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #headers: ReadonlyMap<string, string> = new Map();

  writeHead(status: number, headers: Readonly<Record<string, string | number>> = {}): this {
    this.#status = status;
    this.#headers = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
    return this;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  get answer(): PlainAnswer {
    return { status: this.#status, headers: this.#headers, bytes: Buffer.concat(this.#chunks) };
  }
}

/** The answer of a handler; `undefined` where it breaks off. */
export async function exchange(handle: Handle, request: PlainRequest): Promise<PlainAnswer | undefined> {
  const [incoming, outgoing] = [new MemoryRequest(request), new MemoryResponse()];
  await handle(incoming as unknown as IncomingMessage, outgoing as unknown as ServerResponse);
  return outgoing.writableEnded ? outgoing.answer : undefined;
}
