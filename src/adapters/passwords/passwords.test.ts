import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../../matrix/errors.ts';
import { createHasher, createPasswordHasher, type Derive, deriveByNode, loadNativeDerive } from './index.ts';
import { encodePhc, parsePhc } from './phc.ts';

const MINIMAL = { cost: 'minimal' } as const;

test('a password is found again, another one is not', async () => {
  const hasher = await createPasswordHasher(MINIMAL);
  const hash = await hasher.hash('correct horse');
  assert.match(hash, /^\$argon2id\$v=19\$m=8,t=1,p=1\$/);
  assert.equal(await hasher.verify(hash, 'correct horse'), true);
  assert.equal(await hasher.verify(hash, 'correct horse '), false);
  assert.notEqual(await hasher.hash('correct horse'), hash, 'each hash has a salt of its own');
});

test('hashes of other forms are refused, not an error', async () => {
  const hasher = createHasher(deriveByNode, MINIMAL);
  for (const hash of ['', '$2b$12$abc', '$argon2id$v=19$m=0,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAA', 'plain']) {
    assert.equal(await hasher.verify(hash, 'plain'), false);
  }
  const greedy = encodePhc({
    memoryKib: 4_000_000,
    passes: 1,
    lanes: 1,
    salt: Buffer.alloc(16),
    hash: Buffer.alloc(32),
  });
  assert.equal(await hasher.verify(greedy, 'x'), false);
});

test('the native and the built-in derivation agree', async (t) => {
  const native = await loadNativeDerive();
  if (native === undefined) {
    t.skip('@node-rs/argon2 does not load here');
    return;
  }
  const parameters = { memoryKib: 64, passes: 3, lanes: 2, salt: Buffer.alloc(16, 7) };
  const [left, right] = await Promise.all([
    native('pässword', parameters, 32),
    deriveByNode('pässword', parameters, 32),
  ]);
  assert.deepEqual(Buffer.from(left), Buffer.from(right));
});

test('the PHC string comes back as it was', () => {
  const hash = { memoryKib: 19_456, passes: 2, lanes: 1, salt: Buffer.alloc(16, 1), hash: Buffer.alloc(32, 2) };
  assert.deepEqual(parsePhc(encodePhc(hash)), hash);
});

test('what comes over the queue is refused as temporary', async () => {
  const gates: (() => void)[] = [];
  const derive: Derive = async (_, __, lengthBytes) => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return Buffer.alloc(lengthBytes);
  };
  const hasher = createHasher(derive, { ...MINIMAL, concurrencyMax: 1, queueMax: 1 });
  const first = hasher.hash('a');
  const second = hasher.hash('b');
  await assert.rejects(hasher.hash('c'), (error) => error instanceof OperationError && error.temporary);
  gates.shift()?.();
  await first;
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
  gates.shift()?.();
  await second;
});
