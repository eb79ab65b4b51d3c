/** Typed calls from the declarations in `matrix/api`: the same files the server validates with. */
import { assert } from '../../lib/assert.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { BodyOf, Endpoint, QueryOf, ResponseOf } from '../../matrix/api/declare.ts';
import type { ClientEnvironment } from '../environment.ts';
import type { Line, RequestHints } from '../routes/line.ts';
import { readServerError, ServerError } from './errors.ts';

/** Where the access token comes from, and who is told when the server no longer knows it. */
export interface TokenSource {
  accessToken(): string | undefined;
  /** Gets a new access token; false when there is no way to. */
  refresh(): Promise<boolean>;
  onTokenRefused(softLogout: boolean): void;
}

export interface CallOptions<E> {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Partial<QueryOf<E>>;
  readonly body?: BodyOf<E>;
  readonly signal?: AbortSignal;
  /** A 429 is answered by waiting as told and asking again, unless this is false. */
  readonly waitWhenLimited?: boolean;
  /** The server may hold its answer back for so long. */
  readonly waitMs?: number;
}

export interface SendOptions {
  readonly access: Endpoint['access'];
  /** A 429 is answered by waiting as told and asking again. */
  readonly wait: boolean;
  readonly hints: RequestHints;
}

const LIMIT_RETRIES_MAX = 6;
const LIMIT_WAIT_MAX_MS = 60_000;

/**
 * Requests by POST that change nothing, or do the same thing once when they come twice. A refresh is one: "The old
 * refresh token remains valid until the new access token or refresh token is used".
 */
const REPEATABLE_POSTS: ReadonlySet<string> = new Set([
  'slidingSync',
  'refresh',
  'queryKeys',
  'uploadKeys',
  'defineFilter',
  'postReceipt',
  'setReadMarker',
  'searchUserDirectory',
  'queryPublicRooms',
  'uploadCrossSigningSignatures',
]);

function isRepeatable({ method, id }: Endpoint): boolean {
  return method !== 'POST' || REPEATABLE_POSTS.has(id);
}

/** Fills the path parameters of a declaration, each percent-encoded. */
export function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.trim().replace(/\{([A-Za-z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    assert(value !== undefined, `path parameter ${name} of ${path} is given`);
    return encodeURIComponent(value);
  });
}

function fillQuery(query: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) search.append(name, String(one));
    }
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

export class Api {
  readonly #environment: ClientEnvironment;
  readonly #tokens: TokenSource;
  readonly #line: Line;

  constructor(environment: ClientEnvironment, line: Line, tokens: TokenSource) {
    this.#environment = environment;
    this.#tokens = tokens;
    this.#line = line;
  }

  /** Where the line leads to begin with. */
  get homeserver(): string {
    return this.#line.name;
  }

  /** Sends one declared request and gives the parsed answer; an error answer is a {@link ServerError}. */
  async call<E extends Endpoint>(endpoint: E, options: CallOptions<E> = {}): Promise<ResponseOf<E>> {
    const path = fillPath(endpoint.path, options.path ?? {}) + fillQuery(options.query ?? {});
    const init: RequestInit = { method: endpoint.method, headers: {} };
    if (options.signal !== undefined) init.signal = options.signal;
    if (endpoint.method !== 'GET' && (options.body !== undefined || endpoint.method !== 'DELETE')) {
      init.body = JSON.stringify(options.body ?? {});
      init.headers = { 'content-type': 'application/json' };
    }
    const { waitMs } = options;
    const response = await this.send(path, init, {
      access: endpoint.access,
      wait: options.waitWhenLimited !== false,
      hints: { isRepeatable: isRepeatable(endpoint), ...(waitMs !== undefined && { waitMs }) },
    });
    return (await response.json()) as ResponseOf<E>;
  }

  /** Sends a request with the access token and gives the good answer, whatever its body. */
  async send(path: string, init: RequestInit, options: SendOptions): Promise<Response> {
    let refreshed = false;
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.#fetch(path, init, options);
      if (response.ok) return response;
      const error = await readServerError(response);
      if (error.status === 429 && options.wait && attempt < LIMIT_RETRIES_MAX) {
        const delayMs = Math.min(error.retryAfterMs ?? 1000 * 2 ** attempt, LIMIT_WAIT_MAX_MS);
        await this.#environment.sleep(delayMs, init.signal ?? undefined);
        if (init.signal?.aborted === true) throw error;
        continue;
      }
      if (error.code === 'M_UNKNOWN_TOKEN' && options.access !== 'none' && !refreshed) {
        refreshed = await this.#tokens.refresh();
        if (refreshed) continue;
        this.#tokens.onTokenRefused(error.body['soft_logout'] === true);
      }
      throw error;
    }
  }

  async #fetch(path: string, init: RequestInit, { access, hints }: SendOptions): Promise<Response> {
    const headers = new Headers(init.headers);
    const token = access !== 'none' ? this.#tokens.accessToken() : undefined;
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    try {
      return await this.#line.fetch(path, { ...init, headers }, hints);
    } catch (cause) {
      if (init.signal?.aborted === true) throw new OperationError('aborted', { temporary: false, cause });
      throw new OperationError('network', { temporary: true, server: this.homeserver, cause });
    }
  }
}

export { ServerError };
