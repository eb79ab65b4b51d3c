import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import { parsePropertyPath } from '../../matrix/property-path.ts';
import { EventFilter, type FilterSubject } from './event-filter.ts';
import { parseSyncFilter, pickFields } from './filter.ts';

const EVENT: FilterSubject = { type: 'm.room.message', sender: '@a:x', roomId: '!r:x', content: { body: '1' } };
const passes = (filter: JsonObject, event = EVENT) => new EventFilter(filter).matches(event);

test('types, senders and rooms: included, excluded, both, empty', () => {
  for (const [key, hit, miss] of [
    ['types', 'm.room.message', 'm.room'],
    ['senders', '@a:x', '@b:x'],
    ['rooms', '!r:x', '!s:x'],
  ] as const) {
    assert.equal(passes({ [key]: [hit] }), true);
    assert.equal(passes({ [key]: [miss] }), false);
    assert.equal(passes({ [key]: [] }), false);
    assert.equal(passes({ [`not_${key}`]: [hit] }), false);
    assert.equal(passes({ [`not_${key}`]: [miss] }), true);
    assert.equal(passes({ [`not_${key}`]: [] }), true);
    assert.equal(passes({ [key]: [hit], [`not_${key}`]: [hit] }), false);
  }
});

test('wildcards stand for any sequence in types, and only there', () => {
  for (const type of ['*', 'm.*', '*message', 'm.*.message', 'm*r*m*e', 'm.room.message*', '**']) {
    assert.equal(passes({ types: [type] }), true, type);
    assert.equal(passes({ not_types: [type] }), false, type);
  }
  for (const type of ['m.*.messages', '*.room', 'm.room.messag?', 'room*', 'm.room.message*e', '']) {
    assert.equal(passes({ types: [type] }), false, type);
  }
  assert.equal(passes({ senders: ['*'] }), false);
  assert.equal(passes({ rooms: ['*'] }), false);
  assert.equal(passes({ types: ['a?'] }, { ...EVENT, type: 'a?' }), true);
});

test('contains_url', () => {
  const withUrl = { ...EVENT, content: { url: 'mxc://a/b' } };
  assert.equal(passes({ contains_url: true }, withUrl), true);
  assert.equal(passes({ contains_url: true }), false);
  assert.equal(passes({ contains_url: false }, withUrl), false);
  assert.equal(passes({ contains_url: false }), true);
  assert.equal(passes({}, withUrl), true);
});

test('what has no sender or room', () => {
  assert.equal(passes({ senders: ['@a:x'] }, { type: 't' }), false);
  assert.equal(passes({ not_senders: ['@a:x'], rooms: [] }, { type: 't' }), true);
});

test('parts of a wrong type count as absent; an empty filter is open', () => {
  const any = fc.jsonValue() as fc.Arbitrary<JsonValue>;
  const keys = [
    'types',
    'not_types',
    'senders',
    'rooms',
    'limit',
    'contains_url',
    'lazy_load_members',
    'room',
    'presence',
    'event_fields',
  ];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), any), (filter) => {
      assert.doesNotThrow(() => passes(filter as JsonObject));
      assert.doesNotThrow(() => parseSyncFilter(filter as JsonObject).rooms.timeline.matches(EVENT));
    }),
    { numRuns: 100 },
  );
  assert.equal(new EventFilter({ types: 1, senders: [1], limit: 0 }).isOpen, true);
  assert.equal(new EventFilter({ limit: 5 }).limit, 5);
  assert.equal(new EventFilter({ limit: -5 }).limit, undefined);
  assert.equal(new EventFilter({ types: [] }).isOpen, false);
});

test('a whole sync filter', () => {
  const filter = parseSyncFilter({
    event_format: 'federation',
    event_fields: ['type', 'content.m\\.x'],
    presence: { not_types: ['*'] },
    room: {
      not_rooms: ['!s:x'],
      include_leave: true,
      timeline: { limit: 3, lazy_load_members: true },
      state: { types: [] },
    },
  });
  assert.equal(filter.eventFormat, 'federation');
  assert.deepEqual(filter.eventFields, [['type'], ['content', 'm.x']]);
  assert.equal(filter.presence.matches({ type: 'm.presence' }), false);
  assert.equal(filter.accountData.matches({ type: 'x' }), true);
  assert.equal(filter.rooms.matches('!s:x'), false);
  assert.equal(filter.rooms.matches('!r:x'), true);
  assert.equal(filter.rooms.includeLeave, true);
  assert.equal(filter.rooms.timeline.limit, 3);
  assert.equal(filter.rooms.timeline.lazyLoadMembers, true);
  assert.equal(filter.rooms.state.matches(EVENT), false);
  assert.equal(filter.rooms.ephemeral.isOpen, true);
});

test('adv-141 picking fields', () => {
  const event = { type: 't', content: { body: 'b', url: 'u', deep: { a: 1, b: 2 } }, sender: 's' };
  const pick = (...paths: string[]) =>
    JSON.parse(JSON.stringify(pickFields(event, paths.map(parsePropertyPath)))) as unknown;
  assert.deepEqual(pick('content.body'), { content: { body: 'b' } });
  assert.deepEqual(pick('content.body', 'content.deep.a', 'sender'), {
    content: { body: 'b', deep: { a: 1 } },
    sender: 's',
  });
  assert.deepEqual(pick('content', 'content.body'), { content: event.content });
  assert.deepEqual(pick('content.body', 'content'), { content: event.content });
  assert.deepEqual(pick('absent', 'type.length', '__proto__.x', 'constructor'), {});
  assert.deepEqual(event.content.deep, { a: 1, b: 2 });
});
