/** Why a request over a route came to nothing, as far as whoever runs the client can tell. */

/**
 * `name`: the name was not found; `refused`: the connection was refused or reset; `unreachable`: a browser says no
 * more than this; `timeout`: nothing came; `throttled`: it began and then starved; `gateway`: something on the way
 * answered in the server's place.
 */
export type FailureKind = 'name' | 'refused' | 'unreachable' | 'timeout' | 'throttled' | 'gateway';

/** A route failed; the request may have reached the server all the same. */
export class RouteFailure extends Error {
  override readonly name = 'RouteFailure';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, options?: { readonly cause: unknown }) {
    super(kind, options);
    this.kind = kind;
  }
}

const CODES: ReadonlyMap<string, FailureKind> = new Map([
  ['ENOTFOUND', 'name'],
  ['EAI_AGAIN', 'name'],
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'refused'],
  ['EPIPE', 'refused'],
  ['UND_ERR_SOCKET', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
]);

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The failure that an exception of `fetch` stands for. */
export function failureOf(error: unknown): RouteFailure {
  if (error instanceof RouteFailure) return error;
  const inner = error instanceof Error ? error.cause : undefined;
  const code = codeOf(error) ?? codeOf(inner);
  return new RouteFailure(CODES.get(code ?? '') ?? 'unreachable', { cause: error });
}
