/**
 * One request, in this order: route, caller, rate limit, body, query, handler, answer.
 * An exception at any step becomes an answer in `errors.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { MatrixError } from '../../matrix/errors.ts';
import type { Endpoint } from '../../matrix/api/declare.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Counter, Histogram, Metrics } from '../../ports/metrics.ts';
import type { Random } from '../../ports/random.ts';
import { type Answer, BytesAnswer, isAnswer, JsonAnswer, JsonText, RedirectAnswer } from './answer.ts';
import { compress } from './compression.ts';
import { CORS_HEADERS } from './cors.ts';
import { answerOf } from './errors.ts';
import { Incoming } from './incoming.ts';
import type { PeerNames } from './peer.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { Call, RequestFacts, Route } from './route.ts';
import type { Router } from './router.ts';
import { checkBody, readQuery } from './validation.ts';

/** Who a request comes from. */
export interface Authenticator<Caller> {
  /** The caller, or `undefined` for nobody in particular where the route allows that; else throws. */
  (incoming: Incoming, route: Route<Caller>): Caller | undefined | Promise<Caller | undefined>;
}

export interface DispatcherOptions<Caller> {
  readonly router: Router<Caller>;
  readonly authenticate: Authenticator<Caller>;
  /** What names the caller for rate limits. */
  readonly keyOf: (caller: Caller) => string;
  readonly limiter: RateLimiter;
  readonly peers: PeerNames;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** `raw` where events of other servers may be in bodies: numbers that they must not hold are kept as written. */
  readonly bodyNumbers?: 'double' | 'raw';
}

export class Dispatcher<Caller> {
  readonly #options: DispatcherOptions<Caller>;
  readonly #requests: Counter;
  readonly #seconds: Histogram;

  constructor(options: DispatcherOptions<Caller>) {
    this.#options = options;
    this.#requests = options.metrics.counter('postern_http_requests_total', 'Answers by operation and status.', [
      'operation',
      'status',
    ]);
    this.#seconds = options.metrics.histogram(
      'postern_http_request_seconds',
      'Time from the request line to the answer.',
      [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      ['operation'],
    );
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = this.#options.clock.monotonic();
    const trace = { operation: 'unrecognized' };
    const answer = await this.#answer(request, response, trace).catch((error: unknown) =>
      answerOf(error, this.#options.log, () => this.#options.random.token(12)),
    );
    if (response.destroyed) return;
    const { status } = answer;
    await send(request, response, answer).catch(() => response.destroy());
    this.#requests.add(1, trace.operation, String(status));
    this.#seconds.observe((this.#options.clock.monotonic() - started) / 1000, trace.operation);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, trace: { operation: string }): Promise<Answer> {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const rawPath = mark < 0 ? url : url.slice(0, mark);
    const search = mark < 0 ? '' : url.slice(mark + 1);
    const method = request.method ?? 'GET';
    const { router } = this.#options;
    if (method === 'OPTIONS' && router.methods(rawPath).length > 0) return new JsonAnswer(200, {});
    const { route, path } = router.match(method, rawPath);
    trace.operation = route.endpoint.id;
    const incoming = new Incoming(request, this.#options.bodyNumbers);
    const { caller, facts } = await this.#admit(incoming, request, response, route);
    const body = route.options.rawBody === true ? undefined : await readJson(incoming, request, route);
    const query = readQuery(route.endpoint.query, search);
    const call = { caller, path, query, body, request: facts };
    const result = await route.handle(call as unknown as Call<Endpoint, Caller>);
    return isAnswer(result) ? result : new JsonAnswer(200, result ?? {});
  }

  async #admit(
    incoming: Incoming,
    request: IncomingMessage,
    response: ServerResponse,
    route: Route<Caller>,
  ): Promise<{ caller: Caller | undefined; facts: RequestFacts }> {
    const { authenticate, keyOf, limiter, peers } = this.#options;
    const peer = peers.nameOf(request);
    const caller = await authenticate(incoming, route);
    const { limit } = route.options;
    if (limit !== undefined) limiter.take(limit, caller === undefined ? peer : keyOf(caller));
    return { caller, facts: factsOf(incoming, request, response, peer) };
  }
}

async function readJson<Caller>(
  incoming: Incoming,
  request: IncomingMessage,
  { endpoint, options }: Route<Caller>,
): Promise<unknown> {
  if (endpoint.body === undefined) return undefined;
  // "application/json" is expected, but "homeservers should accept other or absent content types" in practice:
  // only forms that a browser sends across origins without asking are no JSON for certain.
  const type = request.headers['content-type']?.trim().toLowerCase();
  if (
    type?.startsWith('multipart/form-data') === true ||
    type?.startsWith('application/x-www-form-urlencoded') === true
  ) {
    throw new MatrixError('M_NOT_JSON', 'The request body must be JSON', { status: 415 });
  }
  const body = await incoming.json();
  checkBody(endpoint.body, body);
  if (options.rawBody !== 'checked') return body;
  incoming.forgetJson();
  return undefined;
}

const CLIENT_GONE = new Error('The client has gone');

function factsOf(incoming: Incoming, request: IncomingMessage, response: ServerResponse, peer: string): RequestFacts {
  const length = request.headers['content-length'];
  let controller: AbortController | undefined;
  return {
    bytes: request,
    whole: () => incoming.bytes(),
    contentType: request.headers['content-type'],
    contentLength: length === undefined ? undefined : Number(length),
    header: (name) => {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value[0] : value;
    },
    // Made for those who ask: only long polls do.
    get signal(): AbortSignal {
      if (controller === undefined) {
        const made = new AbortController();
        controller = made;
        response.once('close', () => {
          // A reason that exists already: making one costs more than the rest of a wake-up.
          if (!response.writableFinished) made.abort(CLIENT_GONE);
        });
      }
      return controller.signal;
    },
    peer,
  };
}

async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  if (answer instanceof RedirectAnswer) {
    response.writeHead(answer.status, { ...CORS_HEADERS, Location: answer.location }).end();
  } else if (answer instanceof BytesAnswer) {
    response.writeHead(answer.status, { ...CORS_HEADERS, ...answer.headers });
    if (answer.body instanceof Uint8Array) response.end(answer.body);
    else await pipeline(Readable.from(answer.body), response);
  } else {
    sendJson(request, response, answer);
  }
}

function sendJson(request: IncomingMessage, response: ServerResponse, answer: JsonText | JsonAnswer): void {
  const text = answer instanceof JsonText ? answer.text : JSON.stringify(answer.value);
  const accept = request.headers['accept-encoding'];
  const { bytes, encoding } = compress(Buffer.from(text), typeof accept === 'string' ? accept : undefined);
  const headers: Record<string, string | number> = {
    ...CORS_HEADERS,
    ...(answer instanceof JsonAnswer && answer.headers),
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
  };
  if (encoding !== undefined) headers['Content-Encoding'] = encoding;
  // An answer before the whole body has come: the rest of it is not worth reading.
  if (!request.complete && Number(request.headers['content-length'] ?? 0) > 65_536) headers['Connection'] = 'close';
  response.writeHead(answer.status, headers).end(bytes);
}
