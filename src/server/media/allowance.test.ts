import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../adapters/clock/index.ts';
import { present } from '../../lib/assert.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { parseUserId } from '../../matrix/ids.ts';
import { Allowance } from './allowance.ts';

const MEBIBYTE = 1024 * 1024;

test('adv-120: a user who has let the server fetch too much waits; others do not', () => {
  const clock = new FakeClock();
  const allowance = new Allowance(clock);
  const [alice, bob] = ['@alice:a.test', '@bob:a.test'].map((id) => present(parseUserId(id), 'a user id'));
  assert.ok(alice !== undefined && bob !== undefined);
  for (let count = 0; count < 512; count += 1) allowance.take(alice, MEBIBYTE);
  let waitMs = 0;
  assert.throws(
    () => allowance.take(alice, 0),
    (error) => {
      assert.ok(error instanceof MatrixError && error.code === 'M_LIMIT_EXCEEDED');
      ({ retry_after_ms: waitMs } = error.toJSON() as { retry_after_ms: number });
      return true;
    },
  );
  allowance.take(bob, 0);
  clock.advance(waitMs);
  allowance.take(alice, MEBIBYTE);
});
