import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventId, UserId } from '../../matrix/ids.ts';
import type { TransactionKey } from '../../ports/store/index.ts';
import { SentTransactions } from './sent-transactions.ts';

const KEY: TransactionKey = { user: '@a:x' as UserId, device: 'D', scope: 'send !r', transactionId: 'first' };

/** A store that holds transactions and counts what it is asked. */
class Stored {
  readonly rows = new Map<string, EventId>();
  asked = 0;
  listed = 0;

  put(key: TransactionKey, event: string): void {
    this.rows.set(JSON.stringify(key), event as EventId);
  }

  findByTransaction(key: TransactionKey): Promise<EventId | undefined> {
    this.asked += 1;
    return Promise.resolve(this.rows.get(JSON.stringify(key)));
  }

  listTransactions(user: UserId, device: string, limit: number): Promise<TransactionKey[]> {
    this.listed += 1;
    const keys = [...this.rows.keys()].map((text) => JSON.parse(text) as TransactionKey);
    return Promise.resolve(keys.filter((one) => one.user === user && one.device === device).slice(0, limit));
  }
}

test('what the store held at the start is found, what is new costs no question', async () => {
  const stored = new Stored();
  stored.put(KEY, '$first');
  const transactions = new SentTransactions(stored);
  assert.equal(await transactions.find(KEY), '$first');
  assert.equal(await transactions.find({ ...KEY, transactionId: 'second' }), undefined);
  assert.equal(await transactions.find({ ...KEY, scope: 'redact !r' }), undefined);
  assert.deepEqual([stored.asked, stored.listed], [1, 1]);
});

test('what was noted is asked about, of this device only', async () => {
  const stored = new Stored();
  const transactions = new SentTransactions(stored);
  const second = { ...KEY, transactionId: 'second' };
  assert.equal(await transactions.find(second), undefined);
  stored.put(second, '$second');
  await transactions.note(second);
  assert.equal(await transactions.find(second), '$second');
  assert.equal(await transactions.find({ ...second, device: 'E' }), undefined);
  assert.equal(stored.asked, 1);
});

test('of a device that used too many ids the store is asked each time', async () => {
  const stored = new Stored();
  for (let index = 0; index < 20_001; index += 1) stored.put({ ...KEY, transactionId: `t${index}` }, `$${index}`);
  const transactions = new SentTransactions(stored);
  assert.equal(await transactions.find({ ...KEY, transactionId: 'unknown' }), undefined);
  assert.equal(await transactions.find({ ...KEY, transactionId: 't20000' }), '$20000');
  assert.equal(stored.asked, 2);
});

test('a failed look at the store is no answer, and is repeated', async () => {
  const stored = new Stored();
  const transactions = new SentTransactions({
    findByTransaction: (key) => stored.findByTransaction(key),
    listTransactions: (...given) => {
      stored.listed += 1;
      return stored.listed === 1 ? Promise.reject(new Error('busy')) : stored.listTransactions(...given);
    },
  });
  await assert.rejects(transactions.find(KEY), /busy/);
  assert.equal(await transactions.find(KEY), undefined);
});
