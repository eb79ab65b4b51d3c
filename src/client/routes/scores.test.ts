import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRoute, type Route, type RouteZone } from '../../matrix/routes/route.ts';
import { Scores } from './scores.ts';

function route(host: string, zone?: RouteZone): Route {
  const found = parseRoute(`https://${host}`, zone);
  assert.ok(found !== undefined);
  return found;
}

const HOME = route('home.example.org', 'home');
const IDC = route('idc.example.org', 'idc');
const ABROAD = route('abroad.example.org', 'abroad');
const ALL = [HOME, IDC, ABROAD];

function scoresAt(clock: { nowMs: number }): Scores {
  return new Scores(() => clock.nowMs);
}

test('before any measurement the order is the manifest’s, and the next begins after 300 ms, or 1 s abroad', () => {
  const scores = scoresAt({ nowMs: 0 });
  assert.deepEqual(scores.order(ALL), ALL);
  assert.deepEqual(
    ALL.map((one) => scores.hedgeAfterMs(one)),
    [300, 300, 1_000],
  );
});

test('the last winner is asked first, and the next after one and a half times its median answer', () => {
  const scores = scoresAt({ nowMs: 0 });
  for (const rttMs of [900, 400, 100_000]) scores.answered(ABROAD, rttMs);
  scores.won(ABROAD);
  assert.deepEqual(scores.order(ALL), [ABROAD, HOME, IDC]);
  assert.equal(scores.hedgeAfterMs(ABROAD), 1_350);
});

test('each failure in a row doubles the time in which others are asked first, until an answer comes', () => {
  const clock = { nowMs: 0 };
  const scores = scoresAt(clock);
  scores.won(HOME);
  const penalties: number[] = [];
  for (let turn = 0; turn < 9; turn += 1) {
    scores.failed(HOME, 'refused');
    penalties.push(scores.of(HOME).penaltyUntilMs);
  }
  assert.deepEqual(
    penalties,
    [5, 10, 20, 40, 80, 160, 320, 600, 600].map((seconds) => seconds * 1000),
  );
  assert.deepEqual(scores.order(ALL), [IDC, ABROAD, HOME]);
  clock.nowMs = 600_001;
  assert.deepEqual(scores.order(ALL), ALL);
  scores.answered(HOME, 50);
  scores.failed(HOME, 'timeout');
  assert.equal(scores.of(HOME).penaltyUntilMs, clock.nowMs + 5_000);
  assert.deepEqual(scores.of(HOME).lastFailure, { kind: 'timeout', atMs: clock.nowMs });
  scores.forgive();
  assert.deepEqual(scores.order(ALL), ALL);
});

test('whatever happens, every route stays in the order exactly once', () => {
  const event = fc.tuple(fc.nat(2), fc.constantFrom('answered', 'failed', 'won', 'later'), fc.nat(5_000));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const clock = { nowMs: 0 };
      const scores = scoresAt(clock);
      for (const [at, what, value] of events) {
        const one = ALL[at] ?? HOME;
        if (what === 'answered') scores.answered(one, value);
        else if (what === 'failed') scores.failed(one, 'unreachable');
        else if (what === 'won') scores.won(one);
        else clock.nowMs += value;
        const order = scores.order(ALL);
        assert.deepEqual(new Set(order), new Set(ALL));
        assert.equal(order.length, ALL.length);
        for (const each of ALL) assert.ok(scores.hedgeAfterMs(each) >= 100 && scores.hedgeAfterMs(each) <= 3_000);
      }
    }),
  );
});
