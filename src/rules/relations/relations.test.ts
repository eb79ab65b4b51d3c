import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import type { EventId } from '../../matrix/ids.ts';
import { ALICE, BOB, CHARLIE } from '../../../test/fixtures/room-kit.ts';
import {
  applyReplacement,
  countAnnotations,
  findLatestReplacement,
  listReferences,
  summariseThread,
} from './aggregate.ts';
import {
  canBeThreadRoot,
  findThread,
  isValidRelation,
  type RelatedEvent,
  relationOf,
  replyFallbackOf,
  replyTargetOf,
  threadRootOf,
} from './relation.ts';

const id = (name: string) => `$${name}` as EventId;
const event = (name: string, content: JsonObject = {}, more: object = {}): RelatedEvent =>
  ({
    eventId: id(name),
    roomId: '!r:a',
    sender: ALICE,
    type: 'm.room.message',
    stateKey: undefined,
    originServerTs: 1,
    content,
    ...more,
  }) as RelatedEvent;
const relates = (rel_type: string, event_id: string, more: JsonObject = {}): JsonObject => ({
  'm.relates_to': { rel_type, event_id, ...more },
});
const edit = (of: string, body = 'new'): JsonObject => ({ ...relates('m.replace', of), 'm.new_content': { body } });
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('reading relations', () => {
  assert.deepEqual(relationOf(relates('m.annotation', '$a', { key: 'x' })), {
    relType: 'm.annotation',
    eventId: '$a',
    key: 'x',
  });
  const bad: JsonObject[] = [
    {},
    { 'm.relates_to': null },
    { 'm.relates_to': [] },
    { 'm.relates_to': { rel_type: 'x' } },
  ];
  bad.push({ 'm.relates_to': { event_id: '$a' } }, relates('x', 'a'), {
    'm.relates_to': { rel_type: 1, event_id: '$a' },
  });
  for (const content of bad) assert.equal(relationOf(content), undefined);
  const reply = { 'm.relates_to': { 'm.in_reply_to': { event_id: '$b' } } };
  assert.equal(relationOf(reply), undefined);
  assert.equal(replyTargetOf(reply), '$b');
  const inThread = relates('m.thread', '$a', { 'm.in_reply_to': { event_id: '$b' }, is_falling_back: true });
  assert.equal(threadRootOf(inThread), '$a');
  assert.equal(replyTargetOf(inThread), undefined);
  assert.equal(replyFallbackOf(inThread), '$b');
  const replyInThread = relates('m.thread', '$a', { 'm.in_reply_to': { event_id: '$b' } });
  assert.equal(replyTargetOf(replyInThread), '$b');
});

test('finding the thread of an event over at most three hops', () => {
  const contents = new Map<string, JsonObject>([
    ['$root', {}],
    ['$message', relates('m.thread', '$root')],
    ['$reaction', relates('m.annotation', '$message', { key: 'x' })],
    ['$far', relates('m.reference', '$reaction')],
    ['$loop', relates('m.reference', '$loop')],
  ]);
  const thread = (content: JsonObject) => findThread(content, (eventId) => contents.get(eventId));
  assert.equal(thread(relates('m.thread', '$root')), '$root');
  assert.equal(thread(relates('m.annotation', '$message')), '$root');
  assert.equal(thread(relates('m.reference', '$reaction')), '$root');
  assert.equal(thread(relates('m.reference', '$far')), undefined);
  assert.equal(thread(relates('m.reference', '$loop')), undefined);
  assert.equal(thread(relates('m.annotation', '$root')), undefined);
  assert.equal(thread({}), undefined);
  assert.equal(canBeThreadRoot({}), true);
  assert.equal(canBeThreadRoot({ 'm.relates_to': { 'm.in_reply_to': { event_id: '$b' } } }), true);
  assert.equal(canBeThreadRoot(relates('x', '$a')), false);
});

test('validity of replacements', () => {
  const original = event('o', { body: 'old' });
  const good = event('e', edit('$o'));
  assert.equal(isValidRelation(good, original), true);
  const invalid: [RelatedEvent, RelatedEvent][] = [
    [{ ...good, roomId: '!s:a' as RelatedEvent['roomId'] }, original],
    [{ ...good, sender: BOB as RelatedEvent['sender'] }, original],
    [{ ...good, type: 'x' }, original],
    [{ ...good, stateKey: '' }, original],
    [good, { ...original, stateKey: '' }],
    [good, { ...original, content: edit('$x') }],
    [{ ...good, content: relates('m.replace', '$o') }, original],
    [{ ...good, content: { ...relates('m.replace', '$o'), 'm.new_content': 1 } }, original],
    [{ ...good, content: edit('$other') }, original],
    [event('o', edit('$o')), event('o', edit('$o'))],
  ];
  for (const [replacement, of] of invalid) assert.equal(isValidRelation(replacement, of), false);
  const encrypted = { type: 'm.room.encrypted' };
  assert.equal(isValidRelation(event('e', relates('m.replace', '$o'), encrypted), event('o', {}, encrypted)), true);
});

test('validity of threads and annotations', () => {
  assert.equal(isValidRelation(event('c', relates('m.thread', '$o')), event('o')), true);
  assert.equal(isValidRelation(event('c', relates('m.thread', '$o')), event('o', relates('m.thread', '$x'))), false);
  const heart = relates('m.annotation', '$o', { key: '❤' });
  assert.equal(isValidRelation(event('c', heart), event('o')), true);
  assert.equal(isValidRelation(event('c', heart), event('o', relates('m.thread', '$x'))), true);
  assert.equal(isValidRelation(event('c', heart), event('o', heart)), false);
  assert.equal(isValidRelation(event('c', heart), event('o', edit('$x'))), false);
  assert.equal(isValidRelation(event('c', relates('m.annotation', '$o')), event('o')), false);
  assert.equal(isValidRelation(event('c', relates('org.any', '$o')), event('o')), true);
});

test('the latest replacement, by time and then by id', () => {
  const original = event('o');
  const at = (name: string, originServerTs: number, more: object = {}) =>
    event(name, edit('$o', name), { originServerTs, ...more });
  const edits = [at('a', 5), at('c', 7), at('b', 7), at('z', 6), at('forged', 9, { sender: BOB })];
  for (const order of [edits, edits.toReversed()]) assert.equal(findLatestReplacement(original, order)?.eventId, '$c');
  assert.equal(findLatestReplacement(original, []), undefined);
});

test('applying a replacement keeps the relation of the original', () => {
  const original = { body: 'old', formatted_body: '<b>old</b>', ...relates('m.thread', '$root') };
  const replacement = { ...edit('$o'), 'm.new_content': { body: 'new', ...relates('m.thread', '$elsewhere') } };
  assert.deepEqual(plain(applyReplacement(original, replacement)), { body: 'new', ...relates('m.thread', '$root') });
  assert.deepEqual(plain(applyReplacement({ body: 'old' }, replacement)), { body: 'new' });
  assert.equal(applyReplacement(original, {}), original);
});

test('summing up threads and references', () => {
  const root = event('root');
  const child = (name: string, sender: string) => event(name, relates('m.thread', '$root'), { sender });
  const children = [child('1', BOB), child('2', CHARLIE), child('3', BOB), event('x', relates('m.thread', '$other'))];
  const sum = (userId: string, ignored: string[] = []) => {
    const summary = summariseThread(root, children, { userId, isIgnored: (user) => ignored.includes(user) });
    return summary && [summary.latest.eventId, summary.count, summary.currentUserParticipated];
  };
  assert.deepEqual(sum(ALICE), ['$3', 3, true]);
  assert.deepEqual(sum(CHARLIE), ['$3', 3, true]);
  assert.deepEqual(sum('@d:d'), ['$3', 3, false]);
  assert.deepEqual(sum(ALICE, [BOB]), ['$2', 1, true]);
  assert.equal(sum(ALICE, [BOB, CHARLIE]), undefined);
  const references = [event('a', relates('m.reference', '$root')), event('b', relates('m.thread', '$root'))];
  assert.deepEqual(listReferences(id('root'), references), ['$a']);
});

test('counting annotations', () => {
  const reaction = (key: string | undefined, sender: string, type = 'm.reaction') =>
    event('r', relates('m.annotation', '$o', key === undefined ? {} : { key }), { sender, type });
  const children = [
    reaction('👍', ALICE),
    reaction('👍', ALICE),
    reaction('👍', BOB),
    reaction('__proto__', BOB),
    reaction('👍', BOB, 'x'),
  ];
  const counts = countAnnotations(id('o'), [...children, reaction(undefined, BOB), event('e', edit('$o'))]);
  assert.deepEqual(counts, [
    { type: 'm.reaction', key: '👍', count: 2, senders: [ALICE, BOB] },
    { type: 'm.reaction', key: '__proto__', count: 1, senders: [BOB] },
    { type: 'x', key: '👍', count: 1, senders: [BOB] },
  ]);
  assert.deepEqual(
    countAnnotations(id('o'), children, (user) => user === BOB).map(({ count }) => count),
    [1],
  );
});

test('adv-026 contents of any shape never throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (relation, newContent) => {
      const content = { 'm.relates_to': relation as JsonValue, 'm.new_content': newContent as JsonValue };
      const child = event('c', content);
      for (const parent of [event('o'), event('o', content)]) {
        assert.equal(typeof isValidRelation(child, parent), 'boolean');
        assert.doesNotThrow(() => applyReplacement(parent.content, content));
      }
      assert.doesNotThrow(() => [
        replyTargetOf(content),
        findThread(content, () => content),
        countAnnotations(id('o'), [child]),
      ]);
    }),
    { numRuns: 100 },
  );
});
