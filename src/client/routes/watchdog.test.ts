import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from './watchdog.ts';

const KIB = 1024;

/** Feeds bytes at times and gives the first verdict with its time, looking every second. */
function watch(arrivals: readonly [atMs: number, bytes: number][], untilMs: number): string | undefined {
  const progress = new Progress(0);
  const due = [...arrivals];
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 1_000) {
    for (let next = due[0]; next !== undefined && next[0] <= nowMs; next = due[0]) {
      progress.add(next[1], next[0]);
      due.shift();
    }
    const verdict = progress.verdict(nowMs);
    if (verdict !== undefined) return `${verdict} at ${nowMs / 1000} s`;
  }
  return undefined;
}

function steady(bytesPerSecond: number, seconds: number): [number, number][] {
  return Array.from({ length: seconds }, (_, at) => [(at + 1) * 1_000, bytesPerSecond]);
}

test('frozen: no byte for 8 s after 16 KiB', () => {
  assert.equal(watch([[1_000, 16 * KIB]], 60_000), 'throttled at 9 s');
  assert.equal(watch([[1_000, 16 * KIB - 1]], 19_000), undefined);
});

test('starved: less than 2 KiB a second for 20 s', () => {
  assert.equal(watch(steady(2 * KIB - 1, 60), 60_000), 'throttled at 20 s');
  assert.equal(watch(steady(2 * KIB, 60), 60_000), undefined);
  assert.equal(
    watch(
      [...steady(100 * KIB, 20), ...steady(KIB, 40).map(([at, bytes]): [number, number] => [at + 20_000, bytes])],
      60_000,
    ),
    'throttled at 40 s',
  );
});

test('an answer that stops before its sixteenth kibibyte is given up as starved, or after 30 s of silence', () => {
  assert.equal(watch([], 60_000), 'throttled at 20 s');
  assert.equal(
    watch(
      [
        [19_000, 15 * KIB],
        [20_000, 60 * KIB],
      ],
      60_000,
    ),
    'throttled at 28 s',
  );
});
