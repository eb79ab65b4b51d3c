import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defer } from './deferred.ts';
import { KeyedQueue, SerialQueue } from './queue.ts';
import { Slots } from './slots.ts';

const WAITING = 1_000;

/** What the event loop would come back for, but for what the test runner has. */
function pendingWork(): string[] {
  return process.getActiveResourcesInfo().filter((one) => one === 'Timeout' || one === 'Immediate');
}

/** Each waits behind a first that ends when told; what they have done by then, and after. */
async function crowd(enter: (task: () => Promise<void>) => Promise<void>): Promise<void> {
  const gate = defer<void>();
  const ran: number[] = [];
  const before = pendingWork();
  const first = enter(() => gate.promise);
  const others = Array.from({ length: WAITING }, (_, index) =>
    enter(async () => {
      ran.push(index);
    }),
  );
  await new Promise(setImmediate);
  assert.deepEqual(ran, []);
  // No timer and no turn of the loop: whoever waits is woken once, and looks at nothing meanwhile.
  assert.deepEqual(pendingWork(), before);
  gate.resolve();
  await Promise.all([first, ...others]);
  assert.deepEqual(
    ran,
    Array.from({ length: WAITING }, (_, index) => index),
  );
}

describe('a thousand who wait for one place cost nothing until it is free, and come in their order (adv-103)', () => {
  it('in a queue', async () => {
    const queue = new SerialQueue();
    await crowd((task) => queue.run(task));
    await new Promise(setImmediate);
    assert.equal(queue.length, 0);
  });

  it('in the queue of one key, beside which the others go on', async () => {
    const queues = new KeyedQueue<string>();
    await crowd((task) => queues.run('a', task));
    const gate = defer<void>();
    const held = queues.run('a', () => gate.promise);
    assert.equal(await queues.run('b', () => 'b'), 'b');
    gate.resolve();
    await held;
  });

  it('for a slot', async () => {
    const slots = new Slots(1);
    await crowd(async (task) => {
      await slots.enter();
      await task();
      slots.leave();
    });
    assert.deepEqual([slots.free, slots.waiting], [1, 0]);
  });
});

describe('a queue', () => {
  it('goes on after a task that fails, which fails alone', async () => {
    const queues = new KeyedQueue<number>();
    const results = await Promise.allSettled([
      queues.run(1, () => Promise.reject(new Error('this one'))),
      queues.run(1, () => 'the next'),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
  });
});
