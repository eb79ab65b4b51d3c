import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import { ALICE, BOB, TestRoom } from '../../../test/fixtures/room-kit.ts';
import { PowerLevels } from '../auth/power-levels.ts';
import {
  defaultPushRules,
  evaluatePushRules,
  matchesCondition,
  type PushCondition,
  type PushContext,
  type PushRule,
  pushRulesOf,
  PushSubject,
} from './index.ts';

const room = new TestRoom('11');
const powerLevels = new PowerLevels(room.powerLevels({ users: { [BOB]: 50 } }), room.create(), room.rules);
const CONTEXT: PushContext = { userId: ALICE, displayName: 'Alice Liddell', memberCount: 5, powerLevels };

const message = (content: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  type: 'm.room.message',
  sender: BOB,
  room_id: '!r:a.example',
  event_id: '$e',
  content: { body: 'hello', msgtype: 'm.text', ...content },
  ...more,
});
const holds = (condition: PushCondition, event: JsonObject, context: Partial<PushContext> = {}) =>
  matchesCondition(condition, new PushSubject(event), { ...CONTEXT, ...context });

function outcome(event: JsonObject, context: Partial<PushContext> = {}) {
  const { rule, notify, highlight, sound } = evaluatePushRules(defaultPushRules(ALICE), new PushSubject(event), {
    ...CONTEXT,
    ...context,
  });
  return [rule?.rule_id.replace('.m.rule.', '') ?? 'none', notify, highlight, sound];
}

test('the server-default rules', () => {
  const member = (membership: string, state_key: string) => ({
    type: 'm.room.member',
    state_key,
    content: { membership },
  });
  const cases: [JsonObject, Partial<PushContext>, ReturnType<typeof outcome>][] = [
    [message(), {}, ['message', true, false, undefined]],
    [message(), { memberCount: 2 }, ['room_one_to_one', true, false, 'default']],
    [message({ msgtype: 'm.notice' }), {}, ['suppress_notices', false, false, undefined]],
    [message({}, { type: 'm.room.encrypted' }), {}, ['encrypted', true, false, undefined]],
    [
      message({}, { type: 'm.room.encrypted' }),
      { memberCount: 2 },
      ['encrypted_room_one_to_one', true, false, 'default'],
    ],
    [message({}, { type: 'm.call.invite' }), {}, ['call', true, false, 'ring']],
    [message({ 'm.mentions': { user_ids: [BOB, ALICE] } }), {}, ['is_user_mention', true, true, 'default']],
    [message({ 'm.mentions': { user_ids: [BOB] } }), {}, ['message', true, false, undefined]],
    [message({ 'm.mentions': { room: true } }), {}, ['is_room_mention', true, true, undefined]],
    [message({ 'm.mentions': { room: 'true' } }), {}, ['message', true, false, undefined]],
    [message({ 'm.mentions': { room: true } }, { sender: '@c:c.example' }), {}, ['message', true, false, undefined]],
    [
      message({ 'm.relates_to': { rel_type: 'm.replace', event_id: '$x' } }),
      {},
      ['suppress_edits', false, false, undefined],
    ],
    [message({}, { type: 'm.reaction' }), {}, ['reaction', false, false, undefined]],
    [message({}, { type: 'm.room.tombstone', state_key: '' }), {}, ['tombstone', true, true, undefined]],
    [message({}, { type: 'm.room.tombstone' }), {}, ['none', false, false, undefined]],
    [message({}, { type: 'm.room.server_acl', state_key: '' }), {}, ['room.server_acl', false, false, undefined]],
    [message({}, member('invite', ALICE)), {}, ['invite_for_me', true, false, 'default']],
    [message({}, member('invite', BOB)), {}, ['member_event', false, false, undefined]],
    [message({}, member('join', ALICE)), {}, ['member_event', false, false, undefined]],
    [message({}, { type: 'm.room.topic', state_key: '' }), {}, ['none', false, false, undefined]],
    [message({}, { sender: ALICE }), {}, ['none', false, false, undefined]],
  ];
  for (const [event, context, expected] of cases) assert.deepEqual(outcome(event, context), expected);
});

test('event_match', () => {
  const topic = (value: JsonValue) => ({ type: 'm.room.topic', content: { topic: value } });
  const lunch = { kind: 'event_match', key: 'content.topic', pattern: 'lunc?*' };
  for (const value of ['Lunch plans', 'LUNCH', 'lunch']) assert.equal(holds(lunch, topic(value)), true, value);
  for (const value of [' lunch', 'lunc', null, 1, ['lunch']]) assert.equal(holds(lunch, topic(value)), false);
  const body = { kind: 'event_match', key: 'content.body', pattern: 'ex*ple' };
  for (const text of ['An example event.', 'exple', 'An exciting triple-whammy', 'EXAMPLE']) {
    assert.equal(holds(body, message({ body: text })), true, text);
  }
  assert.equal(holds(body, message({ body: 'examples' })), false);
  for (const odd of [
    { key: 'content.x', pattern: '*' },
    { key: 1, pattern: '*' },
    { key: 'type' },
    { key: 'type', pattern: null },
  ]) {
    assert.equal(holds({ kind: 'event_match', ...odd }, message()), false);
  }
});

test('event_property_is and event_property_contains compare without casting', () => {
  const is = (value: JsonValue, actual: JsonValue) =>
    holds({ kind: 'event_property_is', key: 'content.m\\.x', value }, message({ 'm.x': actual }));
  for (const value of [true, false, null, 0, 1, 'a', '']) {
    assert.equal(is(value, value), true);
    for (const other of [true, false, null, 0, 1, 'a', '', [], {}])
      if (other !== value) assert.equal(is(value, other), false);
  }
  assert.equal(is({}, {}), false);
  assert.equal(holds({ kind: 'event_property_is', key: 'content.absent', value: null }, message()), false);
  const contains = (value: JsonValue, list: JsonValue) =>
    holds({ kind: 'event_property_contains', key: 'content.l', value }, message({ l: list }));
  assert.equal(contains('#a:b', ['#b', '#a:b']), true);
  assert.equal(contains(':b', ['#a:b']), false);
  assert.equal(contains('a', 'a'), false);
  assert.equal(contains(1, ['1', [1], { 1: 1 }]), false);
  assert.equal(contains(null, [null]), true);
});

test('room_member_count', () => {
  const cases: [JsonValue, number[]][] = [
    ['2', [2]],
    ['==2', [2]],
    ['<2', [0, 1]],
    ['<=2', [0, 1, 2]],
    ['>2', [3, 4]],
    ['>=2', [2, 3, 4]],
    ['=2', []],
    [' 2', []],
    ['2.0', []],
    ['-2', []],
    ['', []],
    [2, []],
    [null, []],
  ];
  for (const [is, counts] of cases) {
    const matching = [0, 1, 2, 3, 4].filter((memberCount) =>
      holds({ kind: 'room_member_count', is }, message(), { memberCount }),
    );
    assert.deepEqual(matching, counts, JSON.stringify(is));
  }
});

test('contains_display_name and conditions nobody knows', () => {
  const named = (body: JsonValue, displayName?: string) =>
    holds({ kind: 'contains_display_name' }, message({ body }), displayName === undefined ? {} : { displayName });
  assert.equal(named('hi ALICE liddell!'), true);
  assert.equal(named('alice liddells'), false);
  assert.equal(named('xalice liddell alice liddell'), true);
  assert.equal(named('a', ''), false);
  assert.equal(named('any*thing', '*'), false);
  assert.equal(named(1), false);
  for (const kind of ['device', '', '__proto__', 'event_match ']) assert.equal(holds({ kind }, message()), false);
});

test('own rules come before defaults, the master rule before all; disabled rules never match', () => {
  const own = (rule: Partial<PushRule>): PushRule => ({
    rule_id: 'mine',
    default: false,
    enabled: true,
    actions: ['notify'],
    ...rule,
  });
  const judge = (changes: Partial<Parameters<typeof pushRulesOf>[1]>, event = message()) =>
    evaluatePushRules(pushRulesOf(ALICE, { own: {}, defaults: new Map(), ...changes }), new PushSubject(event), CONTEXT)
      .rule?.rule_id;
  assert.equal(judge({}), '.m.rule.message');
  const notice = message({ msgtype: 'm.notice' });
  assert.equal(judge({ own: { override: [own({ conditions: [] })] } }, notice), 'mine');
  assert.equal(judge({ own: { override: [own({ enabled: false })] } }, notice), '.m.rule.suppress_notices');
  assert.equal(judge({ own: { underride: [own({ conditions: [] })] } }), 'mine');
  assert.equal(judge({ own: { content: [own({ pattern: 'HELLO' })] } }), 'mine');
  assert.equal(judge({ own: { content: [own({ pattern: 'hell' })] } }), '.m.rule.message');
  assert.equal(judge({ own: { room: [own({ rule_id: '!r:a.example' })] } }), '!r:a.example');
  assert.equal(judge({ own: { sender: [own({ rule_id: BOB })] } }), BOB);
  const all = { override: [own({ conditions: [] })] };
  assert.equal(judge({ own: all, defaults: new Map([['.m.rule.master', { enabled: true }]]) }), '.m.rule.master');
  assert.equal(judge({ defaults: new Map([['.m.rule.message', { enabled: false }]]) }), undefined);
});

test('actions: tweaks, historical ones, odd ones', () => {
  const actions = [
    'dont_notify',
    'coalesce',
    { set_tweak: 'highlight', value: false },
    { set_tweak: 'x', value: 1 },
  ] as const;
  const judge = (list: PushRule['actions']) => {
    const rule = { rule_id: 'r', default: false, enabled: true, conditions: [], actions: list };
    return evaluatePushRules({ ...defaultPushRules(ALICE), override: [rule] }, new PushSubject(message()), CONTEXT);
  };
  const quiet = judge(actions);
  assert.deepEqual([quiet.notify, quiet.highlight, quiet.tweaks.get('x')], [false, false, 1]);
  const odd = [null, {}, { set_tweak: 1 }, 'notify'] as unknown as PushRule['actions'];
  assert.equal(judge(odd).notify, true);
  assert.equal(judge([{ set_tweak: 'highlight' }]).highlight, true);
});

test('adv-026 adv-099 rules and events of any shape never throw', () => {
  const any = fc.jsonValue() as fc.Arbitrary<JsonValue>;
  const condition = fc.record({
    kind: fc.constantFrom(
      'event_match',
      'event_property_is',
      'event_property_contains',
      'contains_display_name',
      'room_member_count',
      'sender_notification_permission',
    ),
    key: any,
    pattern: any,
    value: any,
    is: any,
  });
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('type', 'sender', 'content', 'state_key', 'room_id'), any),
      condition,
      (event, each) => {
        const subject = new PushSubject(event as JsonObject);
        assert.doesNotThrow(() => matchesCondition(each, subject, CONTEXT));
        assert.doesNotThrow(() => evaluatePushRules(defaultPushRules(ALICE), subject, CONTEXT));
      },
    ),
    { numRuns: 150 },
  );
});
