import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserId } from '../../matrix/ids.ts';
import { Stream } from '../stream/index.ts';
import { AccountData } from './index.ts';

const ME = '@me:a' as UserId;

/** Account data over one row, which counts how often it is read and may change while it is. */
function harness() {
  const stream = new Stream();
  const state = { content: '{"n":1}', reads: 0, whileReading: (): void => undefined };
  const findAccountData = async (): Promise<{ content: string }> => {
    state.reads += 1;
    const read = { content: state.content };
    await new Promise(setImmediate);
    state.whileReading();
    return read;
  };
  const context = { stream, store: { userData: { findAccountData } } };
  const data = new AccountData(context as unknown as ConstructorParameters<typeof AccountData>[0]);
  const change = (content: string): void => {
    state.content = content;
    stream.publish({ kind: 'account-data', position: 1 as never, user: ME });
  };
  return { data, state, change };
}

test('what was read is read once, until it changes', async () => {
  const { data, state, change } = harness();
  assert.deepEqual(await data.find(ME, undefined, 'a'), { n: 1 });
  assert.deepEqual(await data.find(ME, undefined, 'a'), { n: 1 });
  assert.equal(state.reads, 1);
  change('{"n":2}');
  assert.deepEqual(await data.find(ME, undefined, 'a'), { n: 2 });
  assert.equal(state.reads, 2);
});

test('a change during the reading is not covered by what was read before it', async () => {
  const { data, state, change } = harness();
  state.whileReading = () => {
    state.whileReading = () => undefined;
    change('{"n":2}');
  };
  await data.find(ME, undefined, 'a');
  assert.deepEqual(await data.find(ME, undefined, 'a'), { n: 2 });
});
