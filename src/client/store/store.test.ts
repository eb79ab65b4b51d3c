import 'fake-indexeddb/auto';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { CHECKS } from './conformance.ts';
import { openIndexedDbStore } from './indexed-db.ts';
import { openMemoryStore } from './memory.ts';
import { createSealer, generateSealingKey } from './sealer.ts';
import { nodeEnvironment } from '../testing.ts';

for (const [at, check] of CHECKS.entries()) {
  test(`memory store: ${check.name}`, () => check.run(openMemoryStore()));
  test(`IndexedDB store: ${check.name}`, async () => {
    const store = await openIndexedDbStore(`conformance-${at}`);
    await check.run(store);
    await store.close();
  });
}

test('an IndexedDB store keeps its rows when it is opened again', async () => {
  const first = await openIndexedDbStore('again');
  await first.write(['meta'], async (one) => one.put('meta', ['k'], 'kept'));
  await first.close();
  const second = await openIndexedDbStore('again');
  assert.equal(await second.read(['meta'], (one) => one.find('meta', ['k'])), 'kept');
  await second.close();
});

test('a sealed value opens with its own key only, and no text of it is visible', async () => {
  const environment = nodeEnvironment();
  const sealer = createSealer(environment, await generateSealingKey(environment));
  const other = createSealer(environment, await generateSealingKey(environment));
  const sealed = await sealer.seal({ body: 'plain words' });
  assert.deepEqual(await sealer.open(sealed), { body: 'plain words' });
  assert.ok(!Buffer.from(sealed).toString('latin1').includes('plain'));
  await assert.rejects(other.open(sealed));
  sealed[20] = (sealed[20] ?? 0) ^ 1;
  await assert.rejects(sealer.open(sealed));
});
