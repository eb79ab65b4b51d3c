import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { OperationError } from '../../matrix/errors.ts';
import type { OpenBlob } from '../../ports/blobs.ts';
import { FileBlobs } from './index.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-blobs-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(typeof part === 'string' ? Buffer.from(part) : part);
}

async function textOf(blob: OpenBlob | undefined): Promise<string | undefined> {
  if (blob === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of blob.stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

test('a blob is named by its hash and read back whole or in part', async (t) => {
  const blobs = new FileBlobs(folderOf(t));
  const stored = await blobs.put(chunks('hello ', 'world'), 100);
  assert.equal(stored.name, createHash('sha256').update('hello world').digest('hex'));
  assert.equal(stored.sizeBytes, 11);
  assert.equal(Buffer.from(stored.head).toString(), 'hello world');
  assert.equal((await blobs.open(stored.name, { start: 0, end: 1 }))?.sizeBytes, 11);
  assert.equal(await textOf(await blobs.open(stored.name)), 'hello world');
  assert.equal(await textOf(await blobs.open(stored.name, { start: 6, end: 9 })), 'wor');
  assert.equal(await textOf(await blobs.open(stored.name, { start: 6, end: 900 })), 'world');
});

test('the head is the first 64 bytes', async (t) => {
  const blobs = new FileBlobs(folderOf(t));
  const stored = await blobs.put(chunks('a'.repeat(60), 'b'.repeat(60)), 1000);
  assert.equal(Buffer.from(stored.head).toString(), 'a'.repeat(60) + 'b'.repeat(4));
});

test('equal uploads are kept once', async (t) => {
  const folder = folderOf(t);
  const blobs = new FileBlobs(folder);
  const names = await Promise.all([blobs.put(chunks('same'), 10), blobs.put(chunks('sa', 'me'), 10)]);
  assert.equal(names[0].name, names[1].name);
  assert.deepEqual(filesIn(folder), [names[0].name]);
});

test('a blob over the limit, or whose source fails, leaves nothing behind', async (t) => {
  const folder = folderOf(t);
  const blobs = new FileBlobs(folder);
  await assert.rejects(
    blobs.put(chunks('12345', '6'), 5),
    (error) => error instanceof OperationError && error.kind === 'too-large',
  );
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield* chunks('part');
    throw new Error('the line was cut');
  }
  await assert.rejects(blobs.put(failing(), 100), /the line was cut/);
  assert.deepEqual(filesIn(folder), []);
  assert.equal((await blobs.put(chunks('12345'), 5)).sizeBytes, 5);
});

test('what a crash left half written is gone at the next start', (t) => {
  const folder = folderOf(t);
  new FileBlobs(folder);
  writeFileSync(path.join(folder, 'incoming', '7'), 'half');
  new FileBlobs(folder);
  assert.deepEqual(filesIn(folder), []);
});

const unused = async (): Promise<boolean> => false;

test('deletion is final and may be repeated; other names open nothing', async (t) => {
  const blobs = new FileBlobs(folderOf(t));
  const { name } = await blobs.put(chunks('x'), 10);
  await blobs.delete(name, async () => true);
  assert.notEqual(await blobs.open(name), undefined, 'what is used stays');
  await blobs.delete(name, unused);
  await blobs.delete(name, unused);
  assert.equal(await blobs.open(name), undefined);
  for (const wrong of ['', '..', '../../etc/passwd', `${'a'.repeat(63)}/`, 'A'.repeat(64)]) {
    assert.equal(await blobs.open(wrong), undefined);
    await blobs.delete(wrong, unused);
  }
});
