import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { RoomEvent } from '../events.ts';
import { stripReplyFallback } from './body.ts';
import { planItems, type ItemsInput } from './items.ts';

const anna = '@anna:example.org';
const ben = '@ben:example.org';

function event(id: string, sender: string, content: object, more: Partial<RoomEvent> = {}): RoomEvent {
  return { eventId: id, type: 'm.room.message', sender, timestampMs: 1, content: { ...content }, ...more };
}

function text(id: string, sender: string, body: string, more: Partial<RoomEvent> = {}): RoomEvent {
  return event(id, sender, { msgtype: 'm.text', body }, more);
}

interface Edit {
  readonly of: string;
  readonly body: string;
  readonly at?: number;
}

function edit(id: string, sender: string, { of: target, body, at = 2 }: Edit): RoomEvent {
  const content = {
    msgtype: 'm.text',
    body: `* ${body}`,
    'm.new_content': { msgtype: 'm.text', body },
    'm.relates_to': { rel_type: 'm.replace', event_id: target },
  };
  return event(id, sender, content, { timestampMs: at });
}

function plan(events: RoomEvent[], related: RoomEvent[] = [], more: Partial<ItemsInput> = {}) {
  const byTarget = new Map<string, RoomEvent[]>();
  for (const one of related) {
    const target = (one.content['m.relates_to'] as { event_id: string }).event_id;
    byTarget.set(target, [...(byTarget.get(target) ?? []), one]);
  }
  return planItems({
    events,
    related: byTarget,
    targets: new Map(events.map((one) => [one.eventId, one])),
    receipts: new Map(),
    userId: anna,
    isEncrypted: false,
    ...more,
  });
}

function bodyText(item: ReturnType<typeof plan>[number] | undefined): string | undefined {
  return item?.body.kind === 'text' ? item.body.text : undefined;
}

test('the latest edit by the sender is shown, one by somebody else is not', () => {
  const original = text('$1', anna, 'first');
  const edits = [
    edit('$2', anna, { of: '$1', body: 'second', at: 5 }),
    edit('$3', anna, { of: '$1', body: 'older', at: 3 }),
    edit('$4', ben, { of: '$1', body: 'forged', at: 9 }),
  ];
  const [item, ...rest] = plan([original, ...edits], edits);
  assert.equal(bodyText(item), 'second');
  assert.equal(item?.isEdited, true);
  assert.equal(rest.length, 0, 'edits have no line of their own');
});

test('adv-138 a plain edit of an encrypted message is not taken', () => {
  const clear = { type: 'm.room.message', content: { msgtype: 'm.text', body: 'secret' } };
  const original = event('$1', anna, { algorithm: 'm.megolm.v1.aes-sha2' }, { type: 'm.room.encrypted', clear });
  const [item] = plan([original], [edit('$2', anna, { of: '$1', body: 'from the server' })], { isEncrypted: true });
  assert.equal(bodyText(item), 'secret');
});

test('a plain message in an encrypted room is marked', () => {
  assert.equal(plan([text('$1', ben, 'hi')], [], { isEncrypted: true })[0]?.isUnprotected, true);
  assert.equal(plan([text('$1', ben, 'hi')])[0]?.isUnprotected, undefined);
});

test('reactions are grouped by key, counted once a sender, and our own can be taken back', () => {
  const react = (id: string, sender: string, key: string, more: Partial<RoomEvent> = {}) =>
    event(
      id,
      sender,
      { 'm.relates_to': { rel_type: 'm.annotation', event_id: '$1', key } },
      { type: 'm.reaction', ...more },
    );
  const related = [
    react('$2', ben, '👍'),
    react('$3', ben, '👍'),
    react('$4', anna, '👍'),
    react('$5', ben, '🎉', { redacted: true }),
  ];
  const [item, ...rest] = plan([text('$1', anna, 'x'), ...related], related);
  assert.deepEqual(item?.reactions, [{ key: '👍', senders: [ben, anna], ownEventId: '$4' }]);
  assert.equal(rest.length, 0);
});

test('a redacted message keeps its place and nothing else', () => {
  const [item] = plan(
    [text('$1', anna, '', { redacted: true, content: {} })],
    [edit('$2', anna, { of: '$1', body: 'back again' })],
  );
  assert.deepEqual(item?.body, { kind: 'redacted' });
});

test('a reply tells whom it answers, and its fallback is cut away', () => {
  const reply = event('$2', ben, {
    msgtype: 'm.text',
    body: '> <@anna:example.org> question\n\nanswer',
    'm.relates_to': { 'm.in_reply_to': { event_id: '$1' } },
  });
  const item = plan([text('$1', anna, 'question'), reply])[1];
  assert.equal(bodyText(item), 'answer');
  assert.equal(item?.replyTo?.sender, anna);
  assert.equal(item?.replyTo?.preview?.text, 'question');
  assert.equal(stripReplyFallback('> quoted by hand'), '> quoted by hand');
});

test('membership lines tell what changed', () => {
  const member = (id: string, sender: string, target: string, membership: string) =>
    event(id, sender, { membership, displayname: 'Ben' }, { type: 'm.room.member', stateKey: target });
  const changes = plan([
    member('$1', anna, ben, 'invite'),
    member('$2', ben, ben, 'join'),
    member('$3', ben, ben, 'join'),
    member('$4', anna, ben, 'leave'),
    member('$5', anna, ben, 'ban'),
    member('$6', anna, ben, 'leave'),
  ]).map((item) => (item.body.kind === 'member' ? item.body.change : '?'));
  assert.deepEqual(changes, ['invited', 'joined', 'renamed', 'kicked', 'banned', 'unbanned']);
});

test('media with a bad address or broken keys is not shown as media', () => {
  const bad = [
    { msgtype: 'm.image', body: 'a', url: 'https://tracker.example/a.png' },
    { msgtype: 'm.image', body: 'a', url: 'mxc://example.org/../x' },
    { msgtype: 'm.image', body: 'a', file: { url: 'mxc://example.org/x', v: 'v1', key: {}, iv: '', hashes: {} } },
  ];
  for (const content of bad) assert.equal(plan([event('$1', ben, content)])[0]?.body.kind, 'unknown');
  const good = plan([
    event('$1', ben, { msgtype: 'm.image', body: 'a.png', url: 'mxc://example.org/x', info: { w: 1e9 } }),
  ]);
  assert.equal(good[0]?.body.kind, 'image');
});
