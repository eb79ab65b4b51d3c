/** The only place that turns an exception into an answer. */
import { AuthChallenge, MatrixError } from '../../matrix/errors.ts';
import type { Log } from '../../ports/log.ts';
import { JsonAnswer } from './answer.ts';

/**
 * The answer for whatever a handler threw. What is neither a protocol answer nor a challenge is a bug or an
 * operational failure: it is logged once with an id, and the client learns only the id.
 */
export function answerOf(error: unknown, log: Log, requestId: () => string): JsonAnswer {
  if (error instanceof MatrixError || error instanceof AuthChallenge)
    return new JsonAnswer(error.status, error.toJSON());
  const id = requestId();
  log.error('request failed', error, { requestId: id });
  return new JsonAnswer(500, { errcode: 'M_UNKNOWN', error: `Internal server error (request ${id})` });
}
