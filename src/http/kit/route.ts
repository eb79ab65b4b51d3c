/** A declaration joined with its handler. */
import type { BodyOf, Endpoint, QueryOf, ResponseOf } from '../../matrix/api/declare.ts';
import type { Answer } from './answer.ts';
import type { RateLimitClass } from './rate-limit.ts';

/** Names of the `{…}` parts of a path. */
type PathParameters<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameters<Rest>
  : never;

export interface RequestFacts {
  /** Body bytes as they arrive, for routes that take raw bytes. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The whole body as it came, for routes that take JSON: what is cut into its parts. */
  readonly whole: () => Promise<Uint8Array>;
  readonly contentType: string | undefined;
  readonly contentLength: number | undefined;
  header(name: string): string | undefined;
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal;
  /** A keyed hash of the peer's address: enough to count by, not enough to know. */
  readonly peer: string;
}

export interface Call<E, Caller> {
  readonly caller: Caller;
  readonly path: Readonly<Record<string, string>>;
  readonly query: QueryOf<E>;
  readonly body: BodyOf<E>;
  readonly request: RequestFacts;
}

export type Handler<E, Caller> = (call: Call<E, Caller>) => Promise<ResponseOf<E> | Answer>;

export interface RouteOptions {
  /** Which bucket a call takes from; none for calls that are never limited. */
  readonly limit?: RateLimitClass;
  /** The handler reads `request.bytes` itself; `checked`: once the body has its form, which is forgotten again. */
  readonly rawBody?: boolean | 'checked';
  /** Guests may call it. */
  readonly guests?: boolean;
  /** Callers whose account is locked may still call it. */
  readonly locked?: boolean;
}

/** A route whose caller type is erased: what the router holds. */
export interface Route<Caller> {
  readonly endpoint: Endpoint;
  readonly options: RouteOptions;
  readonly handle: (call: Call<Endpoint, Caller>) => Promise<unknown>;
}

/** Names of an endpoint's path parameters, as a type. */
export type PathOf<E extends { path: string }> = PathParameters<E['path']>;

/** Binds `handler` to an endpoint that needs a caller. */
export function route<E extends Endpoint, Caller>(
  endpoint: E,
  handler: Handler<E, Caller>,
  options: RouteOptions = {},
): Route<Caller> {
  return { endpoint, options, handle: handler as unknown as Route<Caller>['handle'] };
}
