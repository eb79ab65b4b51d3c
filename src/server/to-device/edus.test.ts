import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseServerName, parseUserId, utf8Length } from '../../matrix/ids.ts';
import { asObject, type JsonObject } from '../../matrix/json.ts';
import { parseJson } from '../../matrix/json-parse.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { present } from '../../lib/assert.ts';
import { type Addressed, directToDeviceEdus, readDirectToDevice } from './edus.ts';

const sender = present(parseUserId('@alice:alpha.test'), 'a user id');
const bob = present(parseUserId('@bob:beta.test'), 'a user id');
const origin = present(parseServerName('alpha.test'), 'a server name');

function ids(): () => string {
  let count = 0;
  return () => `m${(count += 1)}`;
}

function contentOf(text: string): JsonObject {
  return present(asObject(asObject(parseJson(text))?.['content']), 'an EDU has content');
}

test('what is written is read as it was', () => {
  const messages: Addressed[] = [
    { user: bob, device: 'ONE', content: { a: 1 } },
    { user: bob, device: '__proto__', content: { b: 'two' } },
    { user: bob, device: '*', content: {} },
  ];
  const [edu = '', ...others] = directToDeviceEdus({ sender, type: 'm.test' }, messages, ids());
  assert.deepEqual(others, []);
  const read = readDirectToDevice(contentOf(edu), origin);
  const byDevice = (some: readonly Addressed[] = []) => new Map(some.map((one) => [one.device, { ...one.content }]));
  assert.deepEqual(byDevice(read?.messages), byDevice(messages));
  assert.deepEqual([read?.sender, read?.type], [sender, 'm.test']);
});

test('many messages are divided among EDUs of at most 64 KiB with ids of their own, and none is lost', () => {
  const body = 'é'.repeat(5_000);
  const messages = Array.from({ length: 40 }, (_, index) => ({ user: bob, device: `D${index}`, content: { body } }));
  const edus = directToDeviceEdus({ sender, type: 'm.test' }, messages, ids());
  assert.ok(edus.length > 1);
  for (const edu of edus) assert.ok(utf8Length(edu) <= 65_536);
  const read = edus.map((edu) => present(readDirectToDevice(contentOf(edu), origin), 'an EDU of ours is well formed'));
  assert.equal(new Set(read.map((one) => one.messageId)).size, edus.length);
  const devices = read.flatMap((one) => one.messages.map(({ device }) => device));
  assert.deepEqual(devices.toSorted(), messages.map(({ device }) => device).toSorted());
});

test('a message that fits into no EDU, or that cannot be signed, is refused', () => {
  const refuse = (content: JsonObject): void => {
    directToDeviceEdus({ sender, type: 'm.test' }, [{ user: bob, device: 'A', content }], ids());
  };
  assert.throws(
    () => refuse({ body: 'x'.repeat(65_536) }),
    (error) => error instanceof MatrixError && error.code === 'M_TOO_LARGE',
  );
  assert.throws(
    () => refuse({ half: 0.5 }),
    (error) => error instanceof MatrixError && error.code === 'M_BAD_JSON',
  );
});

describe('what is no message of the server is not read', () => {
  const good: JsonObject = {
    sender,
    type: 'm.test',
    message_id: 'm1',
    messages: { [bob]: { ONE: { a: 1 } } },
  };
  const wrong: [string, JsonObject][] = [
    ['a sender of another server', { sender: '@alice:other.test' }],
    ['no sender', { sender: 7 }],
    ['no type', { type: '' }],
    ['a long type', { type: 'x'.repeat(256) }],
    ['no id', { message_id: null }],
    ['a long id', { message_id: 'x'.repeat(256) }],
    ['no messages', { messages: [] }],
  ];
  for (const [name, change] of wrong) {
    test(name, () => assert.equal(readDirectToDevice({ ...good, ...change }, origin), undefined));
  }
  test('messages of another form are left out, and the rest is taken', () => {
    const messages = { [bob]: { ONE: { a: 1 }, TWO: 'text' }, nobody: { ONE: {} }, '@eve:beta.test': [] };
    const read = readDirectToDevice({ ...good, messages }, origin);
    assert.deepEqual(
      read?.messages.map((one) => one.device),
      ['ONE'],
    );
  });
});
