import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './system-clock.ts';

test('a task without delay lets others have their turn, and no more time', async () => {
  let isOver = false;
  const timer = systemClock.schedule(25, () => {
    isOver = true;
  });
  let turns = 0;
  while (!isOver) {
    await new Promise<void>((resolve) => systemClock.schedule(0, resolve));
    turns += 1;
  }
  timer.cancel();
  // Rests of a millisecond each would be 25 at most.
  assert.ok(turns > 50, `${turns} turns`);
});

test('a task that was taken back does not run', async () => {
  const ran: string[] = [];
  for (const delayMs of [0, 1]) systemClock.schedule(delayMs, () => ran.push(`${delayMs}`)).cancel();
  await new Promise<void>((resolve) => systemClock.schedule(5, resolve));
  assert.deepEqual(ran, []);
});
