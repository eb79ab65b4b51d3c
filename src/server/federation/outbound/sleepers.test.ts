import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { name } from '../../../../test/harness/outbound/world.ts';
import { failuresBefore, nextPause, withJitter } from './back-off.ts';
import { Sleepers } from './sleepers.ts';

const LIMITS = { initialMs: 1000, maxMs: 3_600_000 };

test('pauses double from a second to an hour, and tell how many there were', () => {
  const pauses = [];
  for (let pause = nextPause(0, LIMITS); pauses.length < 14; pause = nextPause(pause, LIMITS)) pauses.push(pause);
  assert.deepEqual(pauses.slice(0, 4), [1000, 2000, 4000, 8000]);
  assert.deepEqual(pauses.slice(-3), [2_048_000, 3_600_000, 3_600_000]);
  assert.equal(failuresBefore(0, LIMITS), 0);
  for (const [index, pause] of pauses.slice(0, 12).entries()) assert.equal(failuresBefore(pause, LIMITS), index + 1);
  assert.ok(failuresBefore(LIMITS.maxMs, LIMITS) >= 12);
  assert.deepEqual(
    [0, 0.5, 1].map((share) => withJitter(1000, share)),
    [900, 1000, 1100],
  );
});

const sleeper = { retryIntervalMs: 0, attemptedAt: 0, isFast: false };

test('who is due comes out, those that have failed for long behind the others', () => {
  const sleepers = new Sleepers();
  const [old, fresh, fast, late] = [name('old'), name('fresh'), name('fast'), name('late')];
  sleepers.add({ ...sleeper, server: old, retryAt: 10, retryIntervalMs: 5000 });
  sleepers.add({ ...sleeper, server: fresh, retryAt: 20, retryIntervalMs: 1000 });
  sleepers.add({ ...sleeper, server: fast, retryAt: 30, isFast: true });
  sleepers.add({ ...sleeper, server: late, retryAt: 90 });
  assert.equal(sleepers.take(5, false), undefined);
  assert.equal(sleepers.nextAt(5), 10);
  assert.equal(sleepers.take(50, true)?.server, fast);
  assert.equal(sleepers.take(50, true), undefined);
  assert.equal(sleepers.take(50, false)?.server, fresh);
  assert.equal(sleepers.take(50, false)?.server, old);
  assert.equal(sleepers.take(50, false), undefined);
  assert.equal(sleepers.nextAt(50), 90);
  assert.equal(sleepers.size, 1);
});

test('contact wakes at once, or a second after the last attempt, and puts to the front', () => {
  const sleepers = new Sleepers();
  const [a, b, c] = [name('a'), name('b'), name('c')];
  sleepers.add({ ...sleeper, server: a, retryAt: 1_000_000, retryIntervalMs: 600_000, attemptedAt: 50_000 });
  sleepers.add({ ...sleeper, server: b, retryAt: 55_000, retryIntervalMs: 5000 });
  sleepers.wake(a, 50_400);
  sleepers.wake(c, 50_400);
  assert.equal(sleepers.nextAt(50_400), 51_000);
  assert.equal(sleepers.take(60_000, false)?.server, a);
  sleepers.wake(b, 54_000);
  assert.equal(sleepers.take(54_000, false)?.server, b);
  assert.equal(sleepers.size, 0);
});

test('a clock that was set back holds nobody up', () => {
  const sleepers = new Sleepers();
  sleepers.add({ ...sleeper, server: name('a'), retryAt: 9_000_000, attemptedAt: 8_000_000 });
  sleepers.wake(name('a'), 1000);
  assert.equal(sleepers.take(1000, false)?.server, 'a');
});

test('every destination comes out once, however often it was put in or woken', () => {
  const step = fc.record({
    server: fc.nat({ max: 5 }).map((number) => name(`s${number}`)),
    at: fc.nat({ max: 1000 }),
    what: fc.constantFrom('add', 'wake', 'remove', 'take'),
    isFast: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (script) => {
      const sleepers = new Sleepers();
      const model = new Map<string, boolean>();
      for (const { server, at, what, isFast } of script) {
        if (what === 'add') {
          sleepers.add({ ...sleeper, server, retryAt: at, isFast });
          model.set(server, isFast);
        } else if (what === 'wake') sleepers.wake(server, at);
        else if (what === 'remove') assert.equal(sleepers.remove(server), model.delete(server));
        else {
          const taken = sleepers.take(at, isFast);
          if (taken === undefined) continue;
          assert.equal(model.get(taken.server), isFast);
          assert.ok(taken.retryAt <= 1000);
          model.delete(taken.server);
        }
        assert.equal(sleepers.size, model.size);
      }
      const rest = [true, false].flatMap((isFast) => {
        const all = [];
        for (let one = sleepers.take(5000, isFast); one !== undefined; one = sleepers.take(5000, isFast)) all.push(one);
        return all.map((one) => one.server);
      });
      assert.deepEqual(rest.toSorted(), [...model.keys()].toSorted());
    }),
  );
});
