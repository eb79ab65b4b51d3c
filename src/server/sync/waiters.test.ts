import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../adapters/clock/index.ts';
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import { Waiters } from './waiters.ts';

function harness() {
  const clock = new FakeClock();
  const waiters = new Waiters(clock);
  const woken: string[] = [];
  const start = (name: string, signal = new AbortController().signal, timeoutMs = 1000): Promise<void> =>
    waiters
      .wait({ user: (name[0] ?? '') as UserId, device: name as DeviceId, timeoutMs, signal })
      .then(() => void woken.push(name));
  const turn = async (byMs = 0): Promise<string[]> => {
    clock.advance(byMs);
    await new Promise(setImmediate);
    return woken.splice(0);
  };
  return { clock, waiters, start, turn };
}

describe('long polls', () => {
  it('wake when something of their user changes, and only theirs', async () => {
    const { waiters, start, turn } = harness();
    for (const name of ['a1', 'a2', 'b1']) void start(name);
    assert.equal(waiters.size, 3);
    waiters.wake('a' as UserId);
    waiters.wake('a' as UserId);
    assert.deepEqual(await turn(), ['a1', 'a2']);
    assert.equal(waiters.size, 1);
    waiters.wakeDevice('b' as UserId, 'b2' as DeviceId);
    assert.deepEqual(await turn(), []);
    waiters.wakeDevice('b' as UserId, 'b1' as DeviceId);
    assert.deepEqual(await turn(), ['b1']);
  });

  it('end with their time, and leave nothing behind', async () => {
    const { clock, waiters, start, turn } = harness();
    void start('a1');
    assert.deepEqual(await turn(999), []);
    assert.deepEqual(await turn(1), ['a1']);
    assert.deepEqual([waiters.size, clock.pending], [0, 0]);
  });

  it('end with their client, before or while they wait, and leave nothing behind', async () => {
    const { clock, waiters, start, turn } = harness();
    const gone = new AbortController();
    void start('a1', gone.signal);
    gone.abort();
    void start('a2', gone.signal);
    assert.deepEqual(await turn(), ['a1', 'a2']);
    assert.deepEqual([waiters.size, clock.pending], [0, 0]);
  });

  it('wake in slices, every one of them once', async () => {
    const { waiters, start, turn } = harness();
    for (let index = 0; index < 200; index += 1) void start(`a${index}`);
    waiters.wake('a' as UserId);
    const woken = [...(await turn()), ...(await turn())];
    assert.equal(new Set(woken).size, 200);
    assert.equal(woken.length, 200);
    assert.equal(waiters.size, 0);
  });
});
