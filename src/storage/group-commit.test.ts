import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { defer } from '../lib/deferred.ts';
import { OperationError } from '../matrix/errors.ts';
import { type BatchOutcome, type BatchWriter, GroupCommit } from './group-commit.ts';
import { sqliteText } from './text-code.ts';
import { StatementTexts, WriteUnit } from './write-unit.ts';

/** A writer whose batches end when the test says so. */
class ManualWriter implements BatchWriter {
  readonly sizes: number[] = [];
  readonly #answers: ((outcome: BatchOutcome) => void)[] = [];

  async write(units: readonly WriteUnit[]): Promise<BatchOutcome> {
    this.sizes.push(units.length);
    const answer = defer<BatchOutcome>();
    this.#answers.push(answer.resolve);
    return answer.promise;
  }

  async answer(commitMs = 0, failure?: Error): Promise<void> {
    this.#answers.shift()?.({ commitMs, failure });
    await turn();
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

/** Lets what waits for this turn of the loop happen. */
async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

interface Setup {
  readonly writer: ManualWriter;
  readonly commits: GroupCommit;
  readonly settled: string[];
  submit(name: string, check?: () => Error | undefined): void;
}

function setUp(): Setup {
  const writer = new ManualWriter();
  const commits = new GroupCommit(writer, { position: 0, event: 0, room: 0, line: 0 });
  const settled: string[] = [];
  const texts = new StatementTexts();
  const submit: Setup['submit'] = (name, check) => {
    const unit = new WriteUnit(texts, sqliteText);
    if (check !== undefined) unit.dependOn(check);
    commits.submit(unit, (failure) => {
      settled.push(failure === undefined ? name : `${name} ${failure.message}`);
    });
  };
  return { writer, commits, settled, submit };
}

test('what one turn submits is one batch, and what comes meanwhile is the next', async () => {
  const { writer, settled, submit } = setUp();
  submit('a');
  submit('b');
  assert.deepEqual(writer.sizes, []);
  await turn();
  assert.deepEqual(writer.sizes, [2]);
  submit('c');
  submit('d');
  submit('e');
  await turn();
  assert.deepEqual(writer.sizes, [2], 'one batch is in flight');
  assert.deepEqual(settled, [], 'nothing is acknowledged before it is durable');
  await writer.answer();
  assert.deepEqual(settled, ['a', 'b']);
  assert.deepEqual(writer.sizes, [2, 3]);
  await writer.answer();
  assert.deepEqual(settled, ['a', 'b', 'c', 'd', 'e']);
});

test('a batch that fails is repeated unit by unit, so that the bad one fails alone', async () => {
  const { writer, settled, submit } = setUp();
  for (const name of ['a', 'b', 'c']) submit(name);
  await turn();
  await writer.answer(0, new Error('bad'));
  assert.deepEqual(settled, [], 'nothing of a failed batch is durable');
  await writer.answer();
  await writer.answer(0, new Error('bad'));
  await writer.answer();
  assert.deepEqual(writer.sizes, [3, 1, 1, 1]);
  assert.deepEqual(settled, ['a', 'b bad', 'c']);
});

test('what depends on a failed unit fails with it, in the same batch and in the next', async () => {
  const { writer, settled, submit } = setUp();
  const check = (): Error | undefined => (settled.includes('a full') ? new Error('of a') : undefined);
  submit('a');
  submit('b', check);
  submit('c');
  await turn();
  submit('d', check);
  submit('e');
  await writer.answer(0, new Error('full'));
  await writer.answer(0, new Error('full'));
  await writer.answer();
  assert.deepEqual(settled, ['a full', 'b of a', 'c']);
  assert.deepEqual(writer.sizes, [3, 1, 1, 1], 'neither "b" nor "d" reaches the disk');
  await writer.answer();
  assert.deepEqual(settled.slice(3), ['d of a', 'e']);
});

test('a writer that breaks fails what was in flight and what comes after', async () => {
  const settled: unknown[] = [];
  const broken: BatchWriter = {
    write: () => Promise.reject(new Error('the thread is gone')),
    close: () => Promise.resolve(),
  };
  const commits = new GroupCommit(broken, { position: 0, event: 0, room: 0, line: 0 });
  for (let index = 0; index < 2; index += 1) {
    commits.submit(new WriteUnit(new StatementTexts(), sqliteText), (failure) => settled.push(failure));
    await turn();
    await turn();
  }
  assert.equal(settled.length, 2);
  assert.ok(settled.every((failure) => failure instanceof OperationError && failure.kind === 'storage-failed'));
});

/** Four requests at a disk of `commitMs`; then three come back while the fourth is on its way. */
async function refill(t: TestContext, commitMs: number): Promise<ReturnType<typeof setUp>> {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const all = setUp();
  for (const name of ['a', 'b', 'c', 'd']) all.submit(name);
  await turn();
  all.submit('early');
  await all.writer.answer(commitMs);
  return all;
}

test('a fast disk is never waited for', async (t) => {
  const { writer } = await refill(t, 0.9);
  assert.deepEqual(writer.sizes, [4, 1]);
});

test('on a slow disk a batch waits for as many as were in flight', async (t) => {
  const { writer, submit } = await refill(t, 10);
  assert.deepEqual(writer.sizes, [4]);
  for (const name of ['e', 'f', 'g']) submit(name);
  assert.deepEqual(writer.sizes, [4], 'five were in flight');
  submit('h');
  assert.deepEqual(writer.sizes, [4, 5]);
});

test('on a slow disk a batch waits no longer than one commit, and never over 5 ms', async (t) => {
  const { writer } = await refill(t, 1000);
  t.mock.timers.tick(4);
  assert.deepEqual(writer.sizes, [4]);
  t.mock.timers.tick(1);
  assert.deepEqual(writer.sizes, [4, 1]);
});

test('numbers are reserved in portions, and exact again after a clean end', async () => {
  const marks: (number | undefined)[] = [];
  const fails: boolean[] = [];
  const writer: BatchWriter = {
    write(_, reserved) {
      marks.push(reserved?.position);
      const failure = fails.shift() === true ? new Error('full') : undefined;
      return Promise.resolve({ commitMs: 0, failure });
    },
    close: () => Promise.resolve(),
  };
  const counters = { position: 5, event: 0, room: 0, line: 0 };
  const commits = new GroupCommit(writer, counters);
  const texts = new StatementTexts();
  const write = async (): Promise<void> => {
    commits.submit(new WriteUnit(texts, sqliteText), () => undefined);
    await commits.drain();
  };
  counters.position = 6;
  fails.push(true);
  await write();
  await write();
  counters.position = 900;
  await write();
  counters.position = 1007;
  await write();
  await commits.close();
  assert.deepEqual(marks, [1006, 1006, undefined, 2007, 1007]);
});

test('drain waits for everything', async () => {
  const { writer, commits, submit } = setUp();
  await commits.drain();
  submit('a');
  let drained = false;
  const done = commits.drain().then(() => {
    drained = true;
  });
  await turn();
  assert.equal(drained, false);
  await writer.answer();
  await done;
});
