/** What a scripted server was asked, and what it answers. */
import type { JsonObject, JsonValue } from '../../../src/matrix/json.ts';
import { asObject } from '../../../src/matrix/json.ts';
import type { OperationName } from './operations.ts';

/** What comes of a request's signature: the server that signed it, or why it counts for nothing. */
export type Authentication = { readonly origin: string } | { readonly problem: string };

export interface ReceivedRequest {
  /** `undefined` where the specification has no such operation. */
  readonly operation: OperationName | undefined;
  readonly method: string;
  /** The path without the query, as it came. */
  readonly path: string;
  /** Path and query, as they came. */
  readonly uri: string;
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Uint8Array;
  /** The parsed body; `undefined` where there is none, or no JSON. */
  readonly body: JsonValue | undefined;
  readonly authentication: Authentication;
}

export interface Reply {
  readonly status: number;
  readonly body?: JsonValue;
  /** Sent as they are, instead of `body`. */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** After so many bytes of the body the connection breaks; before the head, if it is -1. */
  readonly cutAfter?: number;
}

/** Answers in place of the server; `next` gives the answer that would be given without. */
export type Hook = (request: ReceivedRequest, next: () => Promise<Reply>) => Reply | Promise<Reply>;

/** A "no" in an answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly errcode: string;
  readonly extra: JsonObject;

  constructor(status: number, errcode: string, message: string, extra: JsonObject = {}) {
    super(message);
    this.status = status;
    this.errcode = errcode;
    this.extra = extra;
  }

  get reply(): Reply {
    return { status: this.status, body: { errcode: this.errcode, error: this.message, ...this.extra } };
  }
}

/** An answer that succeeds. */
export function ok(body: JsonValue): Reply {
  return { status: 200, body };
}

/** A part of the request's path. */
export function param(request: ReceivedRequest, name: string): string {
  const value = request.params.get(name);
  if (value === undefined) throw new Error(`${request.operation} has no ${name} in its path`);
  return value;
}

/** The request's body, which has to be an object. */
export function bodyOf(request: ReceivedRequest): JsonObject {
  const body = asObject(request.body);
  if (body === undefined) throw new Refusal(400, 'M_NOT_JSON', 'The body is no JSON object');
  return body;
}

/** The server that signed the request. */
export function originOf(request: ReceivedRequest): string {
  if ('origin' in request.authentication) return request.authentication.origin;
  throw new Refusal(401, 'M_UNAUTHORIZED', request.authentication.problem);
}
