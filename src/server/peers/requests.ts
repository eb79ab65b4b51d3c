/** Requests to other servers. */
import { assert } from '../../lib/assert.ts';
import { concatBytes } from '../../lib/bytes.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { asObject, type JsonObject } from '../../matrix/json.ts';
import { JsonParseError, parseJson } from '../../matrix/json-parse.ts';
import type { Http, HttpStream } from '../../ports/http.ts';
import type { Counter } from '../../ports/metrics.ts';
import { formatAuthorization, requestText } from '../../rules/signatures/request.ts';
import type { Context } from '../context.ts';
import type { Discovery } from './discovery/index.ts';
import type { FederationPolicy } from './policy.ts';
import { RemoteError, remoteErrorOf } from './remote-error.ts';
import type { OwnKeys } from './signing-keys/own-keys.ts';

export interface PeerRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** From `/_matrix/` on, encoded, with its query. */
  readonly path: string;
  /** A JSON value, or its text where that is canonical already. */
  readonly body?: JsonObject | string;
  /** Most bytes of the answer; 100 MiB unless told. */
  readonly bytesMax?: number;
  /** Of the whole exchange; a minute unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Key requests carry no signature, since to check it one would have to have our key. */
  readonly isUnsigned?: boolean;
}

export interface PeerStream {
  /** Of the answer; empty where it tells none. */
  readonly contentType: string;
  /** Its `Content-Disposition`; empty where it has none. */
  readonly disposition: string;
  readonly body: AsyncIterable<Uint8Array>;
  cancel(): void;
}

/** SECURITY §4: "other federation response 100 MiB". */
const ANSWER_BYTES_MAX = 100 * 1024 * 1024;
/** PERFORMANCE §5.1: "total 60 s". */
const TIMEOUT_MS = 60_000;
/** An error is a sentence. */
const ERROR_BYTES_MAX = 64 * 1024;
/** "Its signature … in the pool beyond 50 destinations" (PERFORMANCE §5.1). */
const SIGNED_HERE_MAX = 50;
/** Failures that may be due to a server that has moved. */
const OF_THE_PLACE: ReadonlySet<string> = new Set([
  'name not found',
  'no connection',
  'not authenticated',
  'timed out',
  'address denied',
]);

export interface RequestsOptions {
  readonly context: Context;
  readonly http: Http;
  readonly discovery: Discovery;
  readonly policy: FederationPolicy;
  readonly ownKeys: OwnKeys;
}

export class Requests {
  readonly #options: RequestsOptions;
  readonly #outcomes: Counter;
  /** Requests whose answer has not begun. */
  #open = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#outcomes = options.context.metrics.counter('postern_peer_requests_total', 'Requests to other servers.', [
      'outcome',
    ]);
  }

  /**
   * The answer as JSON. Numbers that canonical JSON forbids stay as they were written, since events may be among what
   * is answered. Rejects with a {@link RemoteError}, or with another {@link OperationError}.
   */
  async json(server: ServerName, request: PeerRequest): Promise<JsonObject> {
    const value = parseAnswer(server, await this.bytes(server, request));
    const object = asObject(value);
    if (object === undefined) throw badAnswer(server);
    return object;
  }

  /** The bytes of the answer, whole: for what is cut into its parts before it is parsed. */
  async bytes(server: ServerName, request: PeerRequest): Promise<Uint8Array> {
    const { body } = await this.stream(server, request);
    return await readAll(body);
  }

  /** The answer as it arrives. */
  async stream(server: ServerName, request: PeerRequest): Promise<PeerStream> {
    const { context, policy } = this.#options;
    assert(server !== context.serverName, 'requests go to other servers');
    policy.requireOutbound(server);
    try {
      const { status, headers, body, cancel } = await this.#exchange(server, request);
      if (status < 200 || status > 299) throw remoteErrorOf(server, status, await readSome(body, ERROR_BYTES_MAX));
      this.#outcomes.add(1, 'answered');
      const told = (name: string): string => headers.get(name) ?? '';
      const facts = { contentType: told('content-type'), disposition: told('content-disposition') };
      return { ...facts, body: named(server, body), cancel };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      this.#outcomes.add(1, error instanceof RemoteError ? 'refused' : 'failed');
      throw withServer(error, server);
    }
  }

  async #exchange(server: ServerName, request: PeerRequest): Promise<HttpStream> {
    const { http, discovery } = this.#options;
    const { method, path, body, signal } = request;
    const content = typeof body === 'object' ? canonicalJson(body, { rawNumbers: true }) : body;
    this.#open += 1;
    try {
      const destination = await discovery.find(server);
      const authorization =
        request.isUnsigned === true ? undefined : await this.#authorization(server, request, content);
      return await http.stream({
        destination,
        method,
        path,
        headers: {
          ...(content !== undefined && { 'Content-Type': 'application/json' }),
          ...(authorization !== undefined && { Authorization: authorization }),
        },
        ...(content !== undefined && { body: content }),
        bytesMax: request.bytesMax ?? ANSWER_BYTES_MAX,
        timeoutMs: request.timeoutMs ?? TIMEOUT_MS,
        signal,
      });
    } catch (error) {
      if (error instanceof OperationError && OF_THE_PLACE.has(error.kind)) discovery.forget(server);
      throw error;
    } finally {
      this.#open -= 1;
    }
  }

  async #authorization(
    destination: ServerName,
    { method, path }: PeerRequest,
    content: string | undefined,
  ): Promise<string> {
    const { context, ownKeys } = this.#options;
    const { keyId, sign } = ownKeys.signer;
    const origin = context.serverName;
    const text = requestText({ method, target: path, origin, destination, content });
    const signature = this.#open > SIGNED_HERE_MAX ? await ownKeys.signAside(text) : sign(text);
    return formatAuthorization({ origin, destination }, { keyId, signature });
  }
}

function parseAnswer(server: ServerName, bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, { numbers: 'raw' });
  } catch (error) {
    if (error instanceof JsonParseError) throw badAnswer(server, error);
    throw error;
  }
}

function badAnswer(server: ServerName, cause?: unknown): OperationError {
  return new OperationError('bad answer', { temporary: false, server, ...(cause !== undefined && { cause }) });
}

function withServer(error: OperationError, server: ServerName): OperationError {
  if (error.server !== undefined) return error;
  return new OperationError(error.kind, { temporary: error.temporary, server, cause: error });
}

async function* named(
  server: ServerName,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    throw error instanceof OperationError ? withServer(error, server) : error;
  }
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : concatBytes(chunks);
}

/** The first bytes; more of them are nothing worth reading. */
async function readSome(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > bytesMax) break;
  }
  return concatBytes(chunks);
}
