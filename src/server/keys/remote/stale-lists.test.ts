import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../adapters/clock/fake-clock.ts';
import { present } from '../../../lib/assert.ts';
import { parseServerName, parseUserId, type UserId } from '../../../matrix/ids.ts';
import type { Log } from '../../../ports/log.ts';
import { StaleLists } from './stale-lists.ts';

function user(text: string): UserId {
  return present(parseUserId(text), 'a user id');
}

const ANNA = user('@anna:one.test');
const BERT = user('@bert:one.test');
const CLEO = user('@cleo:two.test');

interface Asked {
  readonly user: UserId;
  readonly answer: (isSettled: boolean) => Promise<void>;
}

function harness() {
  const clock = new FakeClock();
  const asked: Asked[] = [];
  const ignore = (): void => {};
  const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => log };
  const random = { bytes: () => new Uint8Array(), token: () => '', integer: () => 0 };
  const lists = new StaleLists({ clock, random, log }, (one) => {
    return new Promise((resolve) => {
      const answer = async (isSettled: boolean): Promise<void> => {
        resolve(isSettled);
        await new Promise((done) => setImmediate(done));
      };
      asked.push({ user: one, answer });
    });
  });
  const users = (): string[] => asked.map((one) => one.user);
  const last = (): Asked => present(asked.at(-1), 'somebody was asked for');
  return { clock, lists, asked, users, last };
}

test('one list at a time is fetched from a server, and of several servers at once', async () => {
  const { lists, users, asked } = harness();
  lists.start([ANNA, BERT, CLEO]);
  assert.deepEqual(users(), [ANNA, CLEO]);
  await asked[0]?.answer(true);
  assert.deepEqual(users(), [ANNA, CLEO, BERT]);
});

test('a list that becomes stale while it is fetched is fetched once more', async () => {
  const { lists, users, last } = harness();
  lists.start([ANNA]);
  lists.add(ANNA);
  await last().answer(true);
  assert.deepEqual(users(), [ANNA, ANNA]);
  await last().answer(true);
  assert.deepEqual(users(), [ANNA, ANNA]);
});

test('a server that does not answer is left alone, longer each time, and its lists take turns', async () => {
  const { lists, clock, users, last } = harness();
  lists.start([ANNA, BERT]);
  await last().answer(false);
  clock.advance(800);
  assert.deepEqual(users(), [ANNA]);
  clock.advance(200);
  assert.deepEqual(users(), [ANNA, BERT]);
  await last().answer(false);
  clock.advance(1_700);
  assert.equal(users().length, 2);
  clock.advance(300);
  assert.deepEqual(users(), [ANNA, BERT, ANNA]);
  for (let failures = 0; failures < 20; failures += 1) {
    await last().answer(false);
    clock.advance(3_600_000);
  }
  assert.equal(users().length, 23, 'the longest pause is an hour');
});

test('a server that shows itself is asked at once', async () => {
  const { lists, users, last } = harness();
  lists.start([ANNA]);
  await last().answer(false);
  lists.wake(present(parseServerName('two.test'), 'a server name'));
  assert.equal(users().length, 1);
  lists.wake(present(parseServerName('one.test'), 'a server name'));
  assert.equal(users().length, 2);
});

test('closing waits for what has begun and begins no more', async () => {
  const { lists, users, last, clock } = harness();
  lists.start([ANNA, BERT]);
  let isClosed = false;
  const closing = lists.close().then(() => {
    isClosed = true;
  });
  await new Promise((done) => setImmediate(done));
  assert.equal(isClosed, false);
  await last().answer(false);
  await closing;
  clock.advance(10_000);
  assert.deepEqual(users(), [ANNA]);
  lists.add(CLEO);
  assert.deepEqual(users(), [ANNA]);
});
