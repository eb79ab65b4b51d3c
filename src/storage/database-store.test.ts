import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../matrix/errors.ts';
import { type StoreParts, DatabaseStore } from './database-store.ts';
import { sqliteText } from './text-code.ts';
import { StatementTexts } from './write-unit.ts';

function partsOf(write: StoreParts['writer']['write']): { parts: StoreParts; released: () => boolean } {
  let done = false;
  const parts: StoreParts = {
    database: { all: () => [], slow: () => Promise.resolve([]) },
    writer: { write, close: () => Promise.resolve() },
    texts: new StatementTexts(),
    textCode: sqliteText,
    counters: { position: 4, event: 0, room: 0, line: 0 },
    release: () => {
      done = true;
    },
    log: undefined,
  };
  return { parts, released: () => done };
}

test('a store whose writer is broken fails its writes and still lets go of its folder', async () => {
  const { parts, released } = partsOf(() => Promise.reject(new Error('the thread is gone')));
  const store = new DatabaseStore(parts);
  const write = store.transact((one) => {
    one.accounts.setServerValue('a', 'b');
  });
  await assert.rejects(write, (error) => error instanceof OperationError && error.kind === 'storage-failed');
  assert.equal(store.position, 4);
  await assert.rejects(store.close());
  assert.equal(released(), true);
});

test('closing waits for what is on its way, and is done once', async () => {
  const batches: number[] = [];
  const { parts, released } = partsOf((units) => {
    batches.push(units.length);
    return Promise.resolve({ commitMs: 0, failure: undefined });
  });
  const store = new DatabaseStore(parts);
  const write = store.transact((one) => one.position);
  await Promise.all([store.close(), store.close()]);
  assert.equal(await write, 5);
  // The last batch is empty: it writes the exact counters.
  assert.deepEqual(batches, [1, 0]);
  assert.equal(released(), true);
});
