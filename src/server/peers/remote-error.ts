/** What another server answered instead of a result. */
import { type ErrorCode, MatrixError, OperationError } from '../../matrix/errors.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { asObject, getInteger, getString } from '../../matrix/json.ts';
import { JsonParseError, parseJson } from '../../matrix/json-parse.ts';

/** Statuses after which the same request may succeed later. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 425, 429]);
const WAIT_MAX_MS = 3_600_000;

/** Its error code and text are the other side's words: they never reach a client as they are (adv-065). */
export class RemoteError extends OperationError {
  readonly status: number;
  /** As the other side wrote it; empty where it wrote none. */
  readonly errcode: string;
  /** How long it asked us to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(server: ServerName, status: number, told: { errcode: string; retryAfterMs: number | undefined }) {
    super('refused', { temporary: status >= 500 || TEMPORARY.has(status), server });
    this.status = status;
    this.errcode = told.errcode;
    this.retryAfterMs = told.retryAfterMs;
  }
}

/** Reads the body of an error; what is no error of Matrix has no code. */
export function remoteErrorOf(server: ServerName, status: number, bytes: Uint8Array): RemoteError {
  let body: ReturnType<typeof asObject>;
  try {
    body = asObject(parseJson(bytes, { maxDepth: 20 }));
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
  }
  const errcode = getString(body, 'errcode') ?? '';
  const waitMs = getInteger(body, 'retry_after_ms');
  const retryAfterMs = waitMs === undefined ? undefined : Math.min(Math.max(0, waitMs), WAIT_MAX_MS);
  return new RemoteError(server, status, { errcode: /^[A-Z0-9_.]{1,100}$/.test(errcode) ? errcode : '', retryAfterMs });
}

/**
 * What a client is told where a request to another server failed for it: one of the `allowed` codes where the other
 * side answered with it, in our words; else that the other server is not to be had. Anything else stays what it is.
 */
export function errorForClient(error: unknown, allowed: readonly (ErrorCode & OwnWords)[]): unknown {
  if (!(error instanceof OperationError) || error.server === undefined) return error;
  if (error instanceof RemoteError) {
    const code = allowed.find((one) => one === error.errcode);
    if (code !== undefined) return new MatrixError(code, WORDS[code], { cause: error });
    return new MatrixError('M_UNKNOWN', 'The other server refused the request', { status: 502, cause: error });
  }
  return new MatrixError('M_UNKNOWN', 'The other server cannot be reached', { status: 504, cause: error });
}

const WORDS = {
  M_FORBIDDEN: 'The other server does not allow this',
  M_NOT_FOUND: 'The other server knows no such thing',
  M_UNABLE_TO_GRANT_JOIN: 'The other server cannot let this user in',
  M_UNSUPPORTED_ROOM_VERSION: 'The other server does not support this room version',
  M_INVALID_PARAM: 'The other server finds the request wrong',
  M_TOO_LARGE: 'That is too large',
} as const;
type OwnWords = keyof typeof WORDS;
