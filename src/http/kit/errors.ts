/** The only place that turns an exception into an answer. */
import { AuthChallenge, MatrixError } from '../../matrix/errors.ts';
import type { Log } from '../../ports/log.ts';
import { JsonAnswer } from './answer.ts';

/**
 * The answer for whatever a handler threw. What is neither a protocol answer nor a challenge is a bug or an
 * operational failure: it is logged once with an id, and the client learns only the id.
 */
export function answerOf(error: unknown, log: Log, requestId: () => string): JsonAnswer {
  if (error instanceof AuthChallenge) return new JsonAnswer(error.status, error.toJSON());
  if (error instanceof MatrixError) return new JsonAnswer(error.status, error.toJSON(), retryAfter(error));
  const id = requestId();
  log.error('request failed', error, { requestId: id });
  return new JsonAnswer(500, { errcode: 'M_UNKNOWN', error: `Internal server error (request ${id})` });
}

/** "Homeservers SHOULD include a Retry-After header for any response with a 429 status code." */
function retryAfter({ extra }: MatrixError): Record<string, string> {
  const waitMs: unknown = extra !== undefined && 'retry_after_ms' in extra ? extra.retry_after_ms : undefined;
  return typeof waitMs === 'number' ? { 'Retry-After': String(Math.ceil(waitMs / 1000)) } : {};
}
