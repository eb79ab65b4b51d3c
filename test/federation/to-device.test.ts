/** To-device messages between servers: delivered once and in order, and only those that a server may send. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../src/matrix/json.ts';
import { passwordAuth, type User, v3 } from '../harness/index.ts';
import { useServers } from '../harness/network.ts';
import { type Edu, sendEdus, useScripted } from './scripted.ts';
import { untilTrue } from './until.ts';

const [alpha, beta] = useServers(['alpha.test', 'beta.test']);

interface Message {
  readonly type: string;
  readonly sender: string;
  readonly content: Record<string, unknown>;
}

function messagesIn(answer: unknown): Message[] {
  return (answer as { to_device?: { events: Message[] } }).to_device?.events ?? [];
}

/** Follows the sync of a user until so many messages have come; them all. */
async function receive(user: User, count: number): Promise<Message[]> {
  const seen: Message[] = [];
  await untilTrue(user, (answer) => {
    seen.push(...messagesIn(answer));
    return seen.length >= count;
  });
  return seen;
}

async function sendTo(user: User, txn: string, messages: Record<string, Record<string, unknown>>): Promise<void> {
  await user.ok('PUT', v3`/sendToDevice/m.test/${txn}`, { messages });
}

test('messages cross in order, to one device and to all of them, once for a transaction', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  const phone = await bob.login();
  for (let index = 0; index < 5; index += 1) {
    await sendTo(alice, `t${index}`, { [bob.id]: { [bob.device]: { index } } });
  }
  await sendTo(alice, 't4', { [bob.id]: { [bob.device]: { index: 'again' } } });
  await sendTo(alice, 'all', { [bob.id]: { '*': { index: 5 } } });
  const messages = await receive(bob, 6);
  assert.deepEqual(
    messages.map((one) => one.content['index']),
    [0, 1, 2, 3, 4, 5],
  );
  for (const { sender, type } of messages) assert.deepEqual([sender, type], [alice.id, 'm.test']);
  const onPhone = await receive(phone, 1);
  assert.deepEqual(
    onPhone.map((one) => one.content['index']),
    [5],
  );
});

test('a message that waits for a server arrives when the server is back', async () => {
  const alice = await alpha.register('alice');
  const bob = await beta.register('bob');
  await beta.stop();
  await sendTo(alice, 'w1', { [bob.id]: { [bob.device]: { index: 1 } } });
  await alpha.stop();
  await alpha.start();
  await beta.start();
  await sendTo(bob, 'w2', { [alice.id]: { [alice.device]: { index: 2 } } });
  assert.equal((await receive(alice, 1))[0]?.content['index'], 2);
  assert.equal((await receive(bob, 1))[0]?.content['index'], 1);
});

test('what cannot be signed is refused', async () => {
  const alice = await alpha.register('alice');
  const body = { messages: { '@bob:beta.test': { '*': { half: 0.5 } } } };
  await alice.fails('400 M_BAD_JSON', 'PUT', v3`/sendToDevice/m.test/f1`, body);
});

describe('a server that says what it may not', () => {
  const scripted = useScripted();
  const edu = (user: User, more: JsonObject, index: number): Edu => [
    'm.direct_to_device',
    {
      sender: scripted.remote.user('eve'),
      type: 'm.test',
      message_id: `m${index}`,
      messages: { [user.id]: { [user.device]: { index } } },
      ...more,
    },
  ];

  test('spoofed, malformed and repeated messages never reach the client (adv-048)', async () => {
    const user = await scripted.server.register('carol');
    const sender = '@carol:alpha.test';
    await sendEdus(
      scripted,
      edu(user, { sender: user.id }, 1),
      edu(user, { sender: '@mallory:other.test' }, 2),
      edu(user, { sender: null }, 3),
      edu(user, { messages: { [user.id]: { [user.device]: 'text' } } }, 4),
      edu(user, { messages: { '@nobody:alpha.test': { '*': { index: 5 } } } }, 5),
      edu(user, { sender }, 6),
      edu(user, {}, 7),
      edu(user, {}, 7),
      edu(user, {}, 8),
    );
    // In another transaction, which a server makes when it did not hear the answer.
    await sendEdus(scripted, edu(user, {}, 8), edu(user, {}, 9));
    const seen = (await receive(user, 3)).map((one) => one.content['index']);
    assert.deepEqual(seen, [7, 8, 9]);
  });

  test('an account that was deactivated gets nothing (adv-049)', async () => {
    const user = await scripted.server.register('dora');
    const { device } = user;
    await user.ok('POST', v3`/account/deactivate`, { auth: passwordAuth(user) });
    await sendEdus(scripted, edu(user, {}, 20));
    const { store } = scripted.server.running.services.context;
    const page = { after: 0, to: store.position, limit: 10 } as const;
    assert.deepEqual(await store.keys.listToDevice(user.id as never, device as never, page), []);
  });
});
