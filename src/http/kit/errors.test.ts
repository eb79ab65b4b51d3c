import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AuthChallenge, MatrixError } from '../../matrix/errors.ts';
import type { Log } from '../../ports/log.ts';
import { answerOf } from './errors.ts';

function withLog(): { log: Log; logged: unknown[] } {
  const logged: unknown[] = [];
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (_message, error) => void logged.push(error),
    child: () => log,
  };
  return { log, logged };
}

describe('exceptions as answers', () => {
  it('say what a protocol answer says, and log nothing', () => {
    const { log, logged } = withLog();
    const answer = answerOf(new MatrixError('M_FORBIDDEN', 'No.'), log, () => 'id');
    assert.deepEqual(
      [answer.status, answer.value, answer.headers],
      [403, { errcode: 'M_FORBIDDEN', error: 'No.' }, {}],
    );
    const body = { flows: [], params: {}, session: 's' };
    assert.deepEqual(answerOf(new AuthChallenge(body), log, () => 'id').value, body);
    assert.deepEqual(logged, []);
  });

  it('tell in the header too how long to wait, in whole seconds and never too few', () => {
    const { log } = withLog();
    for (const [waitMs, seconds] of [
      [1, '1'],
      [1000, '1'],
      [1001, '2'],
    ] as const) {
      const error = new MatrixError('M_LIMIT_EXCEEDED', 'Wait.', { extra: { retry_after_ms: waitMs } });
      assert.deepEqual(answerOf(error, log, () => 'id').headers, { 'Retry-After': seconds });
    }
  });

  it('hide what went wrong inside, which the log has under the same id', () => {
    const { log, logged } = withLog();
    const error = new Error('password=secret at /home/x');
    const answer = answerOf(error, log, () => 'id7');
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.value, { errcode: 'M_UNKNOWN', error: 'Internal server error (request id7)' });
    assert.deepEqual(logged, [error]);
  });
});
