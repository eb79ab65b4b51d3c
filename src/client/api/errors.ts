import { OperationError } from '../../matrix/errors.ts';
import { asNumber, asObject, asString, field, type JsonObject } from '../json.ts';

/** An answer of the homeserver that is an error. The code is text: a server may know codes that we do not. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: string;
  readonly status: number;
  readonly body: JsonObject;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, body: JsonObject, retryAfterMs?: number) {
    super(asString(field(body, 'error')) ?? `HTTP ${status}`);
    this.status = status;
    this.body = body;
    this.code = asString(field(body, 'errcode')) ?? 'M_UNKNOWN';
    this.retryAfterMs = retryAfterMs;
  }
}

/** Reads an error answer; a body that is not JSON (a proxy's page) still gives an error with its status. */
export async function readServerError(response: Response): Promise<ServerError> {
  const body = asObject(await response.json().catch(() => undefined)) ?? {};
  const header = Number(response.headers.get('retry-after') ?? Number.NaN);
  const fromHeader = Number.isFinite(header) ? header * 1000 : undefined;
  return new ServerError(response.status, body, asNumber(field(body, 'retry_after_ms')) ?? fromHeader);
}

/** Whether trying the same request again later can succeed. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof OperationError) return error.temporary;
  return error instanceof ServerError && (error.status >= 500 || error.status === 429 || error.status === 408);
}

/** Whether `error` is an answer with the given Matrix error code. */
export function isServerError(error: unknown, code: string): error is ServerError {
  return error instanceof ServerError && error.code === code;
}
