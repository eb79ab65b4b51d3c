import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../adapters/clock/index.ts';
import { createRandom } from '../../adapters/random/index.ts';
import { AuthChallenge, type ChallengeBody, MatrixError } from '../../matrix/errors.ts';
import type { Context } from '../context.ts';
import { identifiedUser, InteractiveAuth, type Requirement, type StageCheck } from './interactive-auth.ts';

const checkPassword: StageCheck = async (auth) => {
  if (auth['password'] === 'slow') throw new MatrixError('M_LIMIT_EXCEEDED', 'Wait.', { extra: { retry_after_ms: 1 } });
  if (auth['password'] === 'broken') throw new TypeError('a bug');
  if (auth['password'] !== 'right') throw new MatrixError('M_FORBIDDEN', 'Wrong.');
};

const requirement: Requirement = {
  operation: 'deleteDevice A @a:b',
  flows: [['m.login.password', 'm.login.dummy']],
  checks: { 'm.login.password': checkPassword, 'm.login.dummy': async () => undefined },
};

function harness() {
  const clock = new FakeClock();
  const auth = new InteractiveAuth({ clock, random: createRandom() } as unknown as Context);
  const challenged = async (given: unknown, needed = requirement): Promise<ChallengeBody> => {
    try {
      await auth.require(given, needed);
    } catch (error) {
      if (error instanceof AuthChallenge) return error.body;
      throw error;
    }
    throw new Error('the flow is complete');
  };
  return { clock, auth, challenged };
}

const password = (session: string, text = 'right') => ({ type: 'm.login.password', session, password: text });

describe('interactive authentication', () => {
  it('leads through the stages of a flow, in any order', async () => {
    for (const [first, second] of [
      ['m.login.password', 'm.login.dummy'],
      ['m.login.dummy', 'm.login.password'],
    ] as const) {
      const { auth, challenged } = harness();
      const { session, flows, completed } = await challenged(undefined);
      assert.deepEqual([flows, completed], [[{ stages: ['m.login.password', 'm.login.dummy'] }], undefined]);
      const half = await challenged({ type: first, session, password: 'right' });
      assert.deepEqual([half.session, half.completed, half.errcode], [session, [first], undefined]);
      assert.equal((await auth.require({ type: second, session, password: 'right' }, requirement)).id, session);
    }
  });

  it('begins a session where a client names a stage at once', async () => {
    const { auth, challenged } = harness();
    const { session, completed } = await challenged({ type: 'm.login.password', password: 'right' });
    assert.deepEqual(completed, ['m.login.password']);
    await auth.require({ type: 'm.login.dummy', session }, requirement);
  });

  it('uses a session up', async () => {
    const { auth, challenged } = harness();
    const { session } = await challenged(password((await challenged(undefined)).session));
    await auth.require({ type: 'm.login.dummy', session }, requirement);
    const again = await challenged({ type: 'm.login.dummy', session });
    assert.deepEqual([again.errcode, again.completed], ['M_UNKNOWN', undefined]);
    assert.notEqual(again.session, session);
  });

  it('counts a failed stage for nothing, and lets it be tried again', async () => {
    const { challenged } = harness();
    const { session } = await challenged(undefined);
    const wrong = await challenged(password(session, 'wrong'));
    assert.deepEqual([wrong.errcode, wrong.error, wrong.completed], ['M_FORBIDDEN', 'Wrong.', undefined]);
    assert.deepEqual((await challenged(password(wrong.session))).completed, ['m.login.password']);
  });

  it('passes on what is no answer of the stage', async () => {
    const { auth, challenged } = harness();
    const { session } = await challenged(undefined);
    await assert.rejects(auth.require(password(session, 'slow'), requirement), { code: 'M_LIMIT_EXCEEDED' });
    await assert.rejects(auth.require(password(session, 'broken'), requirement), TypeError);
  });

  it('adv-081: serves the one operation that a session was begun for', async () => {
    const { challenged } = harness();
    const { session } = await challenged(password((await challenged(undefined)).session));
    const other = await challenged(
      { type: 'm.login.dummy', session },
      { ...requirement, operation: 'deleteDevice B @a:b' },
    );
    assert.deepEqual([other.errcode, other.completed], ['M_UNKNOWN', undefined]);
    assert.notEqual(other.session, session);
  });

  it('knows no stage that is in no flow', async () => {
    const { challenged } = harness();
    const { session } = await challenged(undefined);
    for (const type of ['m.login.registration_token', 'constructor', '__proto__', '']) {
      const answer = await challenged({ type, session });
      assert.deepEqual([answer.errcode, answer.session], ['M_UNRECOGNIZED', session], type);
    }
  });

  it('forgets a session after a quarter of an hour', async () => {
    const { clock, challenged } = harness();
    const { session } = await challenged(undefined);
    clock.advance(15 * 60_000 - 1);
    assert.equal((await challenged(password(session))).session, session);
    clock.advance(1);
    assert.notEqual((await challenged(password(session))).session, session);
  });
});

describe('who an authentication names', () => {
  it('is read from the identifier, and from the old field only without one', () => {
    assert.equal(identifiedUser({ identifier: { type: 'm.id.user', user: 'bob' }, user: 'eve' }), 'bob');
    assert.equal(identifiedUser({ user: 'bob' }), 'bob');
    assert.equal(identifiedUser({ identifier: { type: 'm.id.phone', user: 'bob' }, user: 'eve' }), undefined);
    assert.equal(identifiedUser({ identifier: { type: 'm.id.user', user: 7 } }), undefined);
    assert.equal(identifiedUser({}), undefined);
  });
});
