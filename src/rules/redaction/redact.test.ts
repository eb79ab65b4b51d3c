import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { rulesOf, VERSIONS } from '../../../test/fixtures/room-kit.ts';
import { redact } from './redact.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const ALL_KEYS = [
  'membership',
  'creator',
  'room_version',
  'join_rule',
  'allow',
  'join_authorised_via_users_server',
  'ban',
  'events',
  'events_default',
  'invite',
  'kick',
  'redact',
  'state_default',
  'users',
  'users_default',
  'notifications',
  'aliases',
  'history_visibility',
  'redacts',
  'body',
  'third_party_invite',
  '__proto__',
];

/** What each version keeps of `content`, written out from the specification. */
function kept(type: string, version: number): string[] {
  const levels = ['ban', 'events', 'events_default', 'kick', 'redact', 'state_default', 'users', 'users_default'];
  switch (type) {
    case 'm.room.member':
      if (version >= 11) return ['membership', 'join_authorised_via_users_server', 'third_party_invite'];
      return version >= 9 ? ['membership', 'join_authorised_via_users_server'] : ['membership'];
    case 'm.room.create':
      return version >= 11 ? ALL_KEYS : ['creator'];
    case 'm.room.join_rules':
      return version >= 8 ? ['join_rule', 'allow'] : ['join_rule'];
    case 'm.room.power_levels':
      return version >= 11 ? [...levels, 'invite'] : levels;
    case 'm.room.aliases':
      return version <= 5 ? ['aliases'] : [];
    case 'm.room.history_visibility':
      return ['history_visibility'];
    case 'm.room.redaction':
      return version >= 11 ? ['redacts'] : [];
    default:
      return [];
  }
}

const TYPES = ['m.room.member', 'm.room.create', 'm.room.join_rules', 'm.room.power_levels', 'm.room.aliases'];
TYPES.push('m.room.history_visibility', 'm.room.redaction', 'm.room.message', 'm.room.name', '__proto__');

function everything(type: string): JsonObject {
  const content = Object.create(null) as JsonObject;
  for (const key of ALL_KEYS) content[key] = key === 'third_party_invite' ? { signed: { a: 1 }, display_name: 'x' } : 1;
  const event: JsonObject = { type, content, unsigned: { age: 1 }, extra: 1, redacts: '$x' };
  for (const key of ['event_id', 'room_id', 'sender', 'state_key', 'hashes', 'signatures', 'depth', 'prev_events']) {
    event[key] = key;
  }
  for (const key of ['prev_state', 'auth_events', 'origin', 'origin_server_ts', 'membership']) event[key] = key;
  return event;
}

test('keep-lists: twelve versions by all types', () => {
  for (const [index, rules] of VERSIONS.entries()) {
    for (const type of TYPES) {
      const result = redact(everything(type), rules);
      const content = result['content'] as JsonObject;
      assert.deepEqual(Object.keys(content).sort(), kept(type, index + 1).sort(), `${type} version ${index + 1}`);
      const top = [
        'auth_events',
        'content',
        'depth',
        'event_id',
        'hashes',
        'origin_server_ts',
        'prev_events',
        'room_id',
      ];
      top.push('sender', 'signatures', 'state_key', 'type');
      if (index + 1 < 11) top.push('membership', 'origin', 'prev_state');
      assert.deepEqual(Object.keys(result).sort(), top.sort());
    }
  }
});

test('of a third-party invite only the signed block survives, from version 11 on', () => {
  const member = (third_party_invite: JsonValue, rules: RoomVersionRules) =>
    plain(redact({ type: 'm.room.member', content: { membership: 'invite', third_party_invite } }, rules)['content']);
  const full = { signed: { mxid: 'x' }, display_name: 'y' };
  assert.deepEqual(member(full, rulesOf('10')), { membership: 'invite' });
  assert.deepEqual(member(full, rulesOf('11')), {
    membership: 'invite',
    third_party_invite: { signed: { mxid: 'x' } },
  });
  assert.deepEqual(member({}, rulesOf('11')), { membership: 'invite', third_party_invite: {} });
  assert.deepEqual(member('x', rulesOf('11')), { membership: 'invite' });
});

test('redaction is idempotent, leaves its argument alone and copes with any content', () => {
  const any = fc.jsonValue() as fc.Arbitrary<JsonValue>;
  fc.assert(
    fc.property(
      fc.constantFrom(...TYPES),
      fc.constantFrom(...VERSIONS),
      fc.dictionary(fc.constantFrom(...ALL_KEYS), any),
      any,
      (type, rules, content, odd) => {
        const event: JsonObject = { type, content: content as JsonObject, unsigned: odd };
        const before = JSON.stringify(event);
        const once = redact(event, rules);
        assert.equal(JSON.stringify(event), before);
        assert.deepEqual(plain(redact(once, rules)), plain(once));
        assert.doesNotThrow(() => redact({ type: odd, content: odd }, rules));
      },
    ),
    { numRuns: 150 },
  );
});
