import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backOffMs, isLate, renewalAt } from './schedule.ts';

const DAY = 86_400_000;
const facts = (fingerprint: string) => ({ fingerprint, issuer: 'x', validFrom: 0, validTo: 90 * DAY });
const [LOW, HIGH] = [facts('00000000'), facts('ffffffff')];

describe('a renewal', () => {
  it('is due at a third of the lifetime, and on some nodes a little earlier', () => {
    assert.equal(renewalAt(LOW, undefined), 60 * DAY);
    const earliest = renewalAt(HIGH, undefined);
    assert.ok(earliest < 56 * DAY && earliest >= 55.5 * DAY, String(earliest / DAY));
  });

  it('of a short life is due after hours', () => {
    const short = { ...LOW, validTo: 160 * 3_600_000 };
    assert.equal(Math.round(renewalAt(short, undefined) / 3_600_000), 107);
  });

  it('follows the authority, unless that leaves no time to try again', () => {
    const wish = (startAt: number, endAt: number) => ({ startAt: startAt * DAY, endAt: endAt * DAY, askAgainMs: 1 });
    assert.equal(renewalAt(LOW, wish(10, 20)), 10 * DAY);
    const last = renewalAt(HIGH, wish(10, 20));
    assert.ok(last > 19.9 * DAY && last <= 20 * DAY);
    // A window in the past is due at once.
    assert.equal(renewalAt(LOW, wish(-5, -1)), -5 * DAY);
    assert.equal(renewalAt(LOW, wish(85, 89)), 60 * DAY);
  });

  it('is late when less than a third is left', () => {
    assert.deepEqual([isLate(LOW, 59 * DAY), isLate(LOW, 61 * DAY), isLate(LOW, 91 * DAY)], [false, true, true]);
  });

  it('is tried again later and later, and never never', () => {
    const minutes = [1, 2, 3, 8, 1_000].map((count) => backOffMs(count, 0.5) / 60_000);
    assert.deepEqual(minutes, [5, 10, 20, 360, 360]);
    assert.deepEqual([backOffMs(1, 0), backOffMs(1, 1)], [225_000, 375_000]);
  });
});
