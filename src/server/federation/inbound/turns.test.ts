import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverName } from '../../../../test/harness/peers.ts';
import { FakeClock } from '../../../adapters/clock/fake-clock.ts';
import { defer } from '../../../lib/deferred.ts';
import { MatrixError } from '../../../matrix/errors.ts';
import { TURN_LIMITS, type TurnLimits, Turns } from './turns.ts';

const MEBIBYTE = 1024 * 1024;
const HOLD_MS = 10_000;

/** Turns, and tasks that end when the test says so. */
function rig(limits: Partial<TurnLimits> = {}) {
  const clock = new FakeClock();
  const turns = new Turns(clock, { ...TURN_LIMITS, ...limits });
  const begun: string[] = [];
  const refused: string[] = [];
  const ends = new Map<string, () => void>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  };
  return {
    turns,
    clock,
    begun,
    refused,
    /** A transaction of `server` comes. */
    async come(server: string, name: string, sizeBytes = 1000): Promise<void> {
      const end = defer<void>();
      ends.set(name, end.resolve);
      turns
        .run(serverName(`${server}.test`), sizeBytes, async () => {
          begun.push(name);
          await end.promise;
        })
        .catch((error: unknown) => {
          assert.ok(error instanceof MatrixError && error.code === 'M_LIMIT_EXCEEDED');
          assert.equal(error.toJSON()['retry_after_ms'], 5_000);
          refused.push(name);
        });
      await settle();
    },
    async end(...names: readonly string[]): Promise<void> {
      for (const name of names) ends.get(name)?.();
      await settle();
    },
    settle,
  };
}

describe('transactions of other servers', () => {
  it('run one at a time for each server, and in their order', async () => {
    const { come, end, begun } = rig();
    for (const name of ['a1', 'a2', 'a3']) await come('a', name);
    await come('b', 'b1');
    assert.deepEqual(begun, ['a1', 'b1']);
    await end('a1');
    await end('a2');
    assert.deepEqual(begun, ['a1', 'b1', 'a2', 'a3']);
  });

  it('run a few at a time over all servers, each server in its turn', async () => {
    const { come, end, begun } = rig({ places: 2 });
    for (const server of ['a', 'b', 'c']) for (const number of [1, 2]) await come(server, `${server}${number}`);
    assert.deepEqual(begun, ['a1', 'b1']);
    await end('a1');
    // Whoever has just had a turn stands behind those who have not.
    await end('b1');
    await end('a2');
    await end('c1');
    assert.deepEqual(begun, ['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
  });

  it('go on where one fails', async () => {
    const turns = new Turns(new FakeClock(), { ...TURN_LIMITS, places: 1 });
    const server = serverName('a.test');
    const failed = turns.run(server, 1, () => Promise.reject(new Error('the store')));
    const next = turns.run(server, 1, () => Promise.resolve('next'));
    await assert.rejects(failed, /the store/);
    assert.equal(await next, 'next');
  });

  it('are refused where too many of one server wait', async () => {
    const { come, refused, turns } = rig();
    for (let number = 0; number < 20; number += 1) await come('a', `a${number}`);
    await come('b', 'b1');
    assert.equal(refused.length, 20 - 1 - TURN_LIMITS.waitingOfOne);
    assert.ok(!refused.includes('b1'));
    assert.deepEqual(turns.counts, { waiting: TURN_LIMITS.waitingOfOne, refused: refused.length });
  });

  it('never wait with more bytes of one server than are allowed', async () => {
    const { come, refused } = rig();
    await come('a', 'runs', 10 * MEBIBYTE);
    await come('a', 'fits', 10 * MEBIBYTE);
    await come('a', 'too much', 10 * MEBIBYTE);
    assert.deepEqual(refused, ['too much']);
  });

  it('never wait with more bytes than are allowed in all: those with most make room', async () => {
    const { come, begun, refused, end } = rig({ places: 1 });
    await come('z', 'runs');
    for (let server = 0; server < 6; server += 1) await come(`large${server}`, `large${server}`, 12 * MEBIBYTE);
    // Five of them fill what there is, and the sixth has no more right to it than they.
    assert.deepEqual(refused, ['large5']);
    await come('small', 'small', 5 * MEBIBYTE);
    assert.deepEqual(refused, ['large5', 'large0']);
    await end('runs', 'large1', 'large2', 'large3', 'large4');
    assert.ok(begun.includes('small'));
  });

  it('give up their place where they take long, and no more of them than is said', async () => {
    const { come, end, begun, clock, settle } = rig({ places: 1, overtime: { holdMs: HOLD_MS, max: 1 } });
    await come('slow', 'slow');
    await come('slower', 'slower');
    await come('c', 'c');
    clock.advance(HOLD_MS - 1);
    await settle();
    assert.deepEqual(begun, ['slow']);
    clock.advance(1);
    await settle();
    assert.deepEqual(begun, ['slow', 'slower']);
    clock.advance(10 * HOLD_MS);
    await settle();
    assert.deepEqual(begun, ['slow', 'slower'], 'one goes on beside the place, no second');
    await end('slow');
    assert.deepEqual(begun, ['slow', 'slower']);
    await end('slower');
    assert.deepEqual(begun, ['slow', 'slower', 'c']);
  });
});
