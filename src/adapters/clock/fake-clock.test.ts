import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from './fake-clock.ts';

test('tasks run when they fall due, in order, at their own moment', () => {
  const clock = new FakeClock(1000);
  const ran: string[] = [];
  clock.schedule(20, () => ran.push(`b@${clock.now()}`));
  clock.schedule(10, () => {
    ran.push(`a@${clock.now()}`);
    clock.schedule(5, () => ran.push(`nested@${clock.now()}`));
  });
  const cancelled = clock.schedule(1, () => ran.push('never'));
  cancelled.cancel();
  clock.advance(15);
  assert.deepEqual(ran, ['a@1010', 'nested@1015']);
  assert.equal(clock.pending, 1);
  clock.advance(5);
  assert.deepEqual(ran, ['a@1010', 'nested@1015', 'b@1020']);
});

test('a jump of the wall clock moves no timer', () => {
  const clock = new FakeClock(1000);
  let ran = false;
  clock.schedule(10, () => {
    ran = true;
  });
  clock.jumpTo(0);
  assert.equal(clock.now(), 0);
  assert.equal(clock.monotonic(), 0);
  assert.equal(ran, false);
  clock.advance(10);
  assert.equal(ran, true);
  assert.equal(clock.now(), 10);
});
