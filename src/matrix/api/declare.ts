/** The form of an endpoint's declaration: server, client and tests read the same text. */
import { object, type Static, type TSchema } from '../schema.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** Who may call: nobody in particular, with or without an access token, only with one, or a server that signs. */
export type Access = 'none' | 'optional' | 'required' | 'server';

export interface EndpointOptions<Q extends TSchema, B extends TSchema, R extends TSchema> {
  /** The specification's `operationId`, or a name of the same form for a proposal's endpoint. */
  readonly id: string;
  readonly method: Method;
  /** From the root, with `{name}` for each path parameter. */
  readonly path: string;
  /** Older or unstable spellings of the same path that real clients still use. */
  readonly aliases?: readonly string[];
  readonly access: Access;
  /** Whether the specification lets the server answer `M_LIMIT_EXCEEDED`. */
  readonly rateLimited: boolean;
  /** Query parameters as they arrive: texts; the router turns numbers and booleans into their type. */
  readonly query?: Q;
  /** The JSON body; absent where the operation has none or takes raw bytes. */
  readonly body?: B;
  readonly response?: R;
  /** The proposal that defines it, where it is not part of the specification. */
  readonly msc?: number;
}

export interface Endpoint<Q extends TSchema = TSchema, B extends TSchema = TSchema, R extends TSchema = TSchema>
  extends EndpointOptions<Q, B, R> {
  readonly query: Q;
}

export type QueryOf<E> = E extends Endpoint<infer Q, TSchema, TSchema> ? Static<Q> : never;
export type BodyOf<E> = E extends Endpoint<TSchema, infer B, TSchema> ? Static<B> : never;
export type ResponseOf<E> = E extends Endpoint<TSchema, TSchema, infer R> ? Static<R> : never;

/** Declares an endpoint. */
/* @__NO_SIDE_EFFECTS__ */
export function endpoint<
  Q extends TSchema = ReturnType<typeof object<Record<never, TSchema>>>,
  B extends TSchema = TSchema,
  R extends TSchema = TSchema,
>(options: EndpointOptions<Q, B, R>): Endpoint<Q, B, R> {
  return { ...options, query: options.query ?? (object({}) as unknown as Q) };
}
