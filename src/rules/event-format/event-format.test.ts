import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEPTH_MAX, nextDepth } from '../../matrix/events.ts';
import { isObject, type JsonObject, type JsonValue } from '../../matrix/json.ts';
import { parsePduJson } from '../../matrix/json-parse.ts';
import { sha256 } from '../../../test/fixtures/ed25519.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { rulesOf, VERSIONS, versions } from '../../../test/fixtures/room-kit.ts';
import { checkEventFormat, EVENT_BYTES_MAX, eventBytes } from './check-event-format.ts';
import { parsePdu } from './parse-pdu.ts';

const ID = `$${'A'.repeat(43)}`;

function valid(rules: RoomVersionRules, changes: JsonObject = {}): JsonObject {
  const references = rules.eventReferences === 'ids' ? [ID] : [[`${ID}:a.example`, { sha256: 'x' }]];
  return {
    type: 'm.room.message',
    sender: '@a:a.example',
    room_id: rules.roomIdIsCreateHash ? `!${'A'.repeat(43)}` : '!r:a.example',
    content: {},
    origin_server_ts: 1,
    depth: 1,
    hashes: { sha256: 'x' },
    signatures: { 'a.example': { 'ed25519:1': 'x' } },
    auth_events: references,
    prev_events: references,
    ...(rules.eventIds === 'assigned' ? { event_id: `${ID}:a.example` } : {}),
    ...changes,
  };
}

const accepts = (rules: RoomVersionRules, event: JsonValue) => checkEventFormat(event, rules).accept;

test('valid events of every version', () => {
  for (const rules of VERSIONS) {
    assert.equal(accepts(rules, valid(rules)), true);
    assert.equal(accepts(rules, valid(rules, { state_key: '', unsigned: {}, extra: [1] })), true);
  }
  const rules = rulesOf('12');
  const { room_id: _, ...create } = valid(rules, { type: 'm.room.create', state_key: '' });
  assert.equal(accepts(rules, create), true);
  assert.equal(accepts(rules, { ...create, state_key: 'x' }), false);
  assert.equal(accepts(rules, { ...create, type: 'm.room.name' }), false);
  assert.equal(accepts(rulesOf('11'), create), false);
});

test('adv-026 fields missing or of any other type', () => {
  const others: JsonValue[] = [null, true, 1, 1.5, 'x', [], {}, [1], { a: 1 }, ''];
  for (const rules of VERSIONS) {
    const base = valid(rules, { state_key: '', unsigned: {} });
    for (const key of Object.keys(base)) {
      const { [key]: was, ...rest } = base;
      const isOptional = key === 'state_key' || key === 'unsigned';
      assert.equal(accepts(rules, rest), isOptional, `${key} missing, version ${rules.version}`);
      for (const other of others) {
        if (typeof other === typeof was && Array.isArray(other) === Array.isArray(was)) continue;
        assert.equal(accepts(rules, { ...base, [key]: other }), false, `${key} ${JSON.stringify(other)}`);
      }
    }
    for (const other of others) if (!isObject(other)) assert.equal(accepts(rules, other), false);
  }
});

test('limits at n and n + 1', () => {
  for (const rules of VERSIONS) {
    const long = (bytes: number, start = '') => start + 'x'.repeat(bytes - start.length);
    const user = (bytes: number) => `${long(bytes - 10, '@')}:a.example`;
    const cases: [string, (bytes: number) => JsonValue][] = [
      ['type', long],
      ['state_key', long],
      ['sender', user],
    ];
    if (!rules.roomIdIsCreateHash) cases.push(['room_id', (bytes) => `${long(bytes - 10, '!')}:a.example`]);
    if (rules.eventIds === 'assigned') cases.push(['event_id', (bytes) => long(bytes, '$')]);
    for (const [key, make] of cases) {
      assert.equal(accepts(rules, valid(rules, { [key]: make(255) })), true, key);
      assert.equal(accepts(rules, valid(rules, { [key]: make(256) })), false, key);
      assert.equal(accepts(rules, valid(rules, { [key]: make(25_500) })), false, key);
    }
    assert.equal(accepts(rules, valid(rules, { state_key: 'é'.repeat(127) })), true);
    assert.equal(accepts(rules, valid(rules, { state_key: 'é'.repeat(128) })), false);
    const reference = (valid(rules)['auth_events'] as JsonValue[])[0] as JsonValue;
    for (const [key, max] of [
      ['auth_events', 10],
      ['prev_events', 20],
    ] as const) {
      assert.equal(accepts(rules, valid(rules, { [key]: Array(max).fill(reference) as JsonValue[] })), true);
      assert.equal(accepts(rules, valid(rules, { [key]: Array(max + 1).fill(reference) as JsonValue[] })), false);
      for (const bad of [1, null, 'x', [], [ID], {}])
        assert.equal(accepts(rules, valid(rules, { [key]: [bad] })), false);
    }
    const room = EVENT_BYTES_MAX - eventBytes(valid(rules, { content: { a: '' } }), rules);
    assert.equal(accepts(rules, valid(rules, { content: { a: 'x'.repeat(room) } })), true);
    assert.equal(accepts(rules, valid(rules, { content: { a: 'x'.repeat(room + 1) } })), false);
  }
});

test('adv-022 adv-023 depth', () => {
  const judge = (rules: RoomVersionRules, text: string) => {
    const json = JSON.stringify(valid(rules)).replace('"depth":1', `"depth":${text}`);
    const { value, hasRawNumbers } = parsePduJson(json);
    const parsed = parsePdu(value, rules, sha256);
    const source = { bytes: json.length, hasRawNumbers };
    assert.equal(parsePdu(value, rules, sha256, source).accept, parsed.accept, 'the same with what the parser saw');
    return parsed;
  };
  for (const rules of VERSIONS) {
    for (const text of ['0', '1', '9007199254740991']) assert.equal(judge(rules, text).accept, true, text);
    for (const text of ['-1', '1e300', '"1"', 'null', '1.5', '-0', '9223372036854775808']) {
      assert.equal(judge(rules, text).accept, false, text);
    }
    for (const text of ['9007199254740992', '9223372036854775807']) {
      const parsed = judge(rules, text);
      assert.equal(parsed.accept, !rules.strictCanonicalJson, `${text} version ${rules.version}`);
      if (parsed.accept) assert.equal(nextDepth([parsed.event.depth]), DEPTH_MAX);
    }
  }
  assert.equal(nextDepth([]), 1);
  assert.equal(nextDepth([3, 7]), 8);
});

test('adv-023 from version 6 on odd numbers are refused anywhere in the event', () => {
  const places = ['content', 'unsigned', 'extra'];
  for (const place of places) {
    for (const token of ['1.1', '1.0', '9007199254740998', '-0', '1e5', '-9007199254740992']) {
      const judge = (rules: RoomVersionRules) => {
        const json = JSON.stringify(valid(rules, { [place]: { a: [['N']] } })).replace('"N"', token);
        return accepts(rules, parsePduJson(json).value);
      };
      for (const rules of versions(1, 5)) assert.equal(judge(rules), true, `${place} ${token}`);
      for (const rules of versions(6)) assert.equal(judge(rules), false, `${place} ${token}`);
    }
  }
});

test('adv-011 a version 12 room id has no domain', () => {
  const rules = rulesOf('12');
  assert.equal(accepts(rules, valid(rules, { room_id: '!r:a.example' })), false);
  assert.equal(accepts(rules, valid(rules, { room_id: '!short' })), false);
  assert.equal(accepts(rulesOf('11'), valid(rulesOf('11'), { room_id: `!${'A'.repeat(43)}:a.example` })), true);
});

test('parsing types the event', () => {
  for (const rules of VERSIONS) {
    const parsed = parsePdu(valid(rules, { state_key: 'k', depth: 5 }), rules, sha256);
    assert.ok(parsed.accept);
    const { event } = parsed;
    assert.equal(event.stateKey, 'k');
    assert.equal(event.depth, 5);
    assert.deepEqual(event.authEvents, rules.eventReferences === 'ids' ? [ID] : [`${ID}:a.example`]);
    assert.match(event.eventId, rules.eventIds === 'assigned' ? /:a\.example$/ : /^\$[A-Za-z0-9+/_-]{43}$/);
  }
});
