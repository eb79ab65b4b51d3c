import { test } from 'node:test';
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { directLine } from '../routes/line.ts';
import { Api } from '../api/call.ts';
import type { ClearContent } from '../events.ts';
import { openMemoryStore } from '../store/memory.ts';
import { createSealer, generateSealingKey } from '../store/sealer.ts';
import { nodeEnvironment } from '../testing.ts';
import { decryptAttachment, encryptAttachment } from './attachments.ts';
import { Outbox } from './outbox.ts';

interface Put {
  readonly url: string;
  readonly body: string;
}

/** An outbox against a server whose answers the test decides. */
async function harness(
  answer: (put: Put) => Response | Promise<Response>,
  store = openMemoryStore(),
  isReady: () => boolean = () => true,
) {
  const puts: Put[] = [];
  const environment = nodeEnvironment({
    fetch: async (url, init) => {
      const body = init.body instanceof Uint8Array ? `bytes ${init.body.length}` : init.body;
      assert.ok(typeof body === 'string');
      puts.push({ url: url.replace('https://s', ''), body });
      return answer({ url, body });
    },
    sleep: async () => undefined,
  });
  const sealer = createSealer(environment, await generateSealingKey(environment));
  const tokens = { accessToken: () => 't', refresh: async () => false, onTokenRefused: () => undefined };
  let encryptions = 0;
  const outbox = new Outbox({
    environment,
    store,
    sealer,
    api: new Api(environment, directLine(environment, 'https://s'), tokens),
    protect: async (_, message: ClearContent) => {
      encryptions += 1;
      if (!isReady()) return undefined;
      return { type: 'm.room.encrypted', content: { n: encryptions, was: message.content } };
    },
    onChange: () => undefined,
  });
  const until = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await nextTurn();
  };
  return { outbox, puts, until, store, encryptions: () => encryptions };
}

function sent(outbox: Outbox, roomId: string, count: number) {
  return async () => (await outbox.list(roomId)).filter((one) => one.record.state === 'sent').length === count;
}

const accepted = () => Response.json({ event_id: '$e' });
const text = (body: string) => ({ roomId: '!a:b', type: 'm.room.message', content: { msgtype: 'm.text', body } });

test('messages of a room go out in order, one after the other', async () => {
  const { outbox, puts, until } = await harness(accepted);
  for (const body of ['one', 'two', 'three']) await outbox.enqueue(text(body));
  await until(sent(outbox, '!a:b', 3));
  assert.deepEqual(
    puts.map((put) => JSON.parse(put.body).was.body),
    ['one', 'two', 'three'],
  );
});

test('a retry repeats the same ciphertext under the same transaction id', async () => {
  let failures = 3;
  const { outbox, puts, until } = await harness(() => {
    if (failures-- > 0) throw new TypeError('offline');
    return accepted();
  });
  await outbox.enqueue(text('once'));
  await until(sent(outbox, '!a:b', 1));
  assert.equal(puts.length, 4);
  assert.equal(new Set(puts.map((put) => put.url + put.body)).size, 1);
});

test('a refused message is marked and can be retried; the others go on', async () => {
  let refuse = true;
  const { outbox, until } = await harness(({ body }) =>
    refuse && body.includes('"bad"') ? Response.json({ errcode: 'M_FORBIDDEN' }, { status: 403 }) : accepted(),
  );
  const bad = await outbox.enqueue(text('bad'));
  await outbox.enqueue(text('good'));
  await until(sent(outbox, '!a:b', 1));
  const [first] = await outbox.list('!a:b');
  assert.equal(first?.record.state, 'failed');
  assert.equal(first?.record.error, 'M_FORBIDDEN');
  refuse = false;
  await outbox.retry(bad);
  await until(sent(outbox, '!a:b', 2));
});

test('a file is uploaded first, its address is in the message, local names are not', async () => {
  const { outbox, puts, until } = await harness(({ url }) =>
    url.includes('/upload') ? Response.json({ content_uri: 'mxc://s/f' }) : accepted(),
  );
  await outbox.enqueue({
    roomId: '!a:b',
    type: 'm.room.message',
    content: { msgtype: 'm.file', body: 'x', file: { v: 'v2' }, 'org.postern.local.file': 'blob1' },
    uploads: [
      { blobId: 'blob1', field: 'file', contentType: 'application/octet-stream', name: '', bytes: new Uint8Array(5) },
    ],
  });
  await until(sent(outbox, '!a:b', 1));
  assert.equal(puts[0]?.body, 'bytes 5');
  const message = JSON.parse(puts[1]?.body ?? '{}').was;
  assert.deepEqual(message, { msgtype: 'm.file', body: 'x', file: { v: 'v2', url: 'mxc://s/f' } });
});

test('what the sync has shown leaves the outbox', async () => {
  const { outbox, until } = await harness(accepted);
  const transactionId = await outbox.enqueue(text('one'));
  await until(sent(outbox, '!a:b', 1));
  await outbox.confirmSeen({ transactionIds: new Set([transactionId]), eventIds: new Set() });
  assert.deepEqual(await outbox.list('!a:b'), []);
});

test('an attachment opens with its key, and one changed byte is refused', async () => {
  const environment = nodeEnvironment();
  const plain = environment.randomBytes(3_000);
  const { bytes, file } = await encryptAttachment(environment, plain);
  const { key, iv, hashes } = file as { key: { k: string }; iv: string; hashes: { sha256: string } };
  const keys = { key: key.k, iv, sha256: hashes.sha256 };
  assert.deepEqual(await decryptAttachment(environment, bytes, keys), plain);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  assert.equal(await decryptAttachment(environment, bytes, keys), undefined);
});

test('a room that cannot be encrypted for yet is asked again after a kick, and not before', async () => {
  let isReady = false;
  const { outbox, puts, until, encryptions } = await harness(accepted, openMemoryStore(), () => isReady);
  await outbox.enqueue(text('one'));
  await until(async () => encryptions() > 0);
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  const before = encryptions();
  assert.ok(before <= 2, `${before} attempts`);
  isReady = true;
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  assert.deepEqual([encryptions(), puts.length], [before, 0]);
  outbox.kick();
  await until(sent(outbox, '!a:b', 1));
  assert.equal(encryptions(), before + 1);
});
