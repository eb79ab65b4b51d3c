import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import { RawNumber } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { ALICE, BOB, CHARLIE, TestRoom, VERSIONS, versions } from '../../../test/fixtures/room-kit.ts';
import { checkAuth, creatorsOf, parseLevel, PowerLevels } from './index.ts';

const verify = () => false;

/** Bob (50) changes the power levels from one content to another; the verdict. */
function change(rules: RoomVersionRules, before: JsonObject | undefined, after: JsonObject): string {
  const room = new TestRoom(rules.version);
  const create = room.create();
  const state = [create, room.member(ALICE, 'join'), room.member(BOB, 'join')];
  const sender = before === undefined ? ALICE : BOB;
  if (before !== undefined) state.push(room.powerLevels(before));
  const verdict = checkAuth({ rules, event: room.powerLevels(after, sender), state: room.state(...state), verify });
  return verdict.accept ? 'accept' : verdict.rule;
}

function expectAll(
  rules: readonly RoomVersionRules[],
  before: JsonObject | undefined,
  after: JsonObject,
  expected: string,
) {
  for (const version of rules) {
    assert.equal(change(version, before, after), expected, `version ${version.version} ${JSON.stringify(after)}`);
  }
}

const users = { [BOB]: 50 };
const raw = (text: string): JsonValue => new RawNumber(text);

test('how levels may be written', () => {
  const cases: [JsonValue, readonly RoomVersionRules[]][] = [
    [50, VERSIONS],
    [-50, VERSIONS],
    ['50', versions(1, 9)],
    [' +0050 ', versions(1, 9)],
    ['-1', versions(1, 9)],
    [50.57, versions(1, 5)],
    [raw('5.114698E4'), versions(1, 5)],
    ['50.5', []],
    ['0x10', []],
    ['1e2', []],
    ['', []],
    [' ', []],
    ['5 0', []],
    [`1${'0'.repeat(400)}`, []],
    [Number.NaN, []],
    [Number.POSITIVE_INFINITY, []],
    [null, []],
    [true, []],
    [[50], []],
    [{}, []],
  ];
  for (const [value, allowed] of cases) {
    for (const rules of VERSIONS) {
      const expected = allowed.includes(rules);
      assert.equal(
        parseLevel(value, rules) !== undefined,
        expected,
        `${JSON.stringify(value)} version ${rules.version}`,
      );
      const content = { users: { ...users, [CHARLIE]: value } };
      assert.equal(change(rules, { users }, content) === 'accept', expected && Number(parseLevel(value, rules)) <= 50);
    }
  }
  const [rules] = versions(1, 1);
  assert.ok(rules);
  assert.equal(parseLevel(raw('5.114698E4'), rules), 51_146);
  assert.equal(parseLevel(-1.9, rules), -1);
  assert.equal(parseLevel(' -00100 ', rules), -100);
});

test('wrong types are refused wherever a level stands', () => {
  for (const name of ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite']) {
    expectAll(VERSIONS, { users }, { users, [name]: 'x' }, 'power_levels.type');
    expectAll(versions(10), { users }, { users, [name]: '1' }, 'power_levels.type');
    expectAll(versions(1, 9), { users }, { users, [name]: '1' }, 'accept');
  }
  expectAll(VERSIONS, undefined, { users: [] }, 'power_levels.type');
  expectAll(VERSIONS, undefined, { events: 1 }, 'power_levels.type');
  expectAll(versions(6), undefined, { notifications: { room: {} } }, 'power_levels.type');
  expectAll(versions(1, 5), undefined, { notifications: { room: {} } }, 'accept');
  expectAll(VERSIONS, undefined, { users: { 'no user': 1 } }, 'power_levels.users');
  expectAll(VERSIONS, undefined, { users: { '@x': 1 } }, 'power_levels.users');
  expectAll(VERSIONS, undefined, {}, 'accept');
});

test('first power levels event', () => {
  expectAll(VERSIONS, undefined, { users: { [BOB]: 1_000_000 } }, 'accept');
});

test('adv-005 every level field has a say: current or new value above the sender is refused', () => {
  for (const name of ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite']) {
    const base = { users, state_default: 50, events: { 'm.room.power_levels': 50 } };
    expectAll(VERSIONS, { ...base, [name]: 60 }, { ...base, [name]: 40 }, 'power_levels.named');
    expectAll(VERSIONS, { ...base, [name]: 40 }, { ...base, [name]: 60 }, 'power_levels.named');
    expectAll(VERSIONS, { ...base, [name]: 50 }, { ...base, [name]: 0 }, 'accept');
    expectAll(VERSIONS, { ...base, [name]: 0 }, { ...base, [name]: 50 }, 'accept');
    expectAll(VERSIONS, { ...base, [name]: 60 }, { ...base, [name]: 60 }, 'accept');
  }
});

test('entries of events and notifications', () => {
  for (const [property, judged, rest] of [
    ['events', VERSIONS, []],
    ['notifications', versions(6), versions(1, 5)],
  ] as const) {
    const with_ = (level?: number) => ({ users, [property]: level === undefined ? {} : { x: level } });
    expectAll(judged, with_(60), with_(40), `power_levels.${property}`);
    expectAll(judged, with_(60), with_(), `power_levels.${property}`);
    expectAll(judged, with_(60), { users }, `power_levels.${property}`);
    expectAll(judged, with_(40), with_(60), `power_levels.${property}`);
    expectAll(judged, with_(), with_(60), `power_levels.${property}`);
    expectAll(judged, with_(50), with_(40), 'accept');
    expectAll(judged, with_(60), with_(60), 'accept');
    expectAll(judged, with_(), with_(50), 'accept');
    expectAll(rest, with_(60), with_(40), 'accept');
    expectAll(rest, with_(), with_(60), 'accept');
  }
});

test('entries of users', () => {
  const with_ = (charlie?: number, bob = 50) => ({
    users: { [BOB]: bob, ...(charlie === undefined ? {} : { [CHARLIE]: charlie }) },
  });
  expectAll(VERSIONS, with_(60), with_(40), 'power_levels.users');
  expectAll(VERSIONS, with_(50), with_(40), 'power_levels.users');
  expectAll(VERSIONS, with_(50), with_(), 'power_levels.users');
  expectAll(VERSIONS, with_(49), with_(50), 'accept');
  expectAll(VERSIONS, with_(49), with_(), 'accept');
  expectAll(VERSIONS, with_(40), with_(60), 'power_levels.users');
  expectAll(VERSIONS, with_(), with_(60), 'power_levels.users');
  expectAll(VERSIONS, with_(), with_(50), 'accept');
  expectAll(VERSIONS, with_(), with_(undefined, 60), 'power_levels.users');
  expectAll(VERSIONS, with_(), { users: {} }, 'accept');
});

test('adv-012 creators are infinite, and listing one is refused', () => {
  const room = new TestRoom('12');
  const create = room.create({ additional_creators: [CHARLIE] });
  const { rules } = room;
  assert.deepEqual([...creatorsOf(create, rules)], [ALICE, CHARLIE]);
  const admin = room.powerLevels({ users: { [BOB]: Number.MAX_SAFE_INTEGER } });
  const levels = new PowerLevels(admin, create, rules);
  assert.equal(levels.powerLevelOf(ALICE), Number.POSITIVE_INFINITY);
  assert.equal(levels.powerLevelOf(CHARLIE), Number.POSITIVE_INFINITY);
  const state = room.state(create, admin, room.member(ALICE, 'join'), room.member(BOB, 'join'));
  const judge = (event: ReturnType<TestRoom['event']>) => {
    const verdict = checkAuth({ rules, event, state, verify });
    return verdict.accept ? 'accept' : verdict.rule;
  };
  assert.equal(judge(room.member(ALICE, 'leave', { sender: BOB })), 'member.kick.level');
  assert.equal(judge(room.member(BOB, 'leave', { sender: ALICE })), 'accept');
  for (const creator of [ALICE, CHARLIE]) {
    assert.equal(judge(room.powerLevels({ users: { [creator]: 100 } })), 'power_levels.creator');
  }
  assert.equal(judge(room.powerLevels({ users: {} })), 'accept');
});

test('adv-038 defaults, with and without a power levels event', () => {
  for (const rules of VERSIONS) {
    const room = new TestRoom(rules.version);
    const create = room.create();
    for (const event of [undefined, room.powerLevels({})]) {
      const levels = new PowerLevels(event, create, rules);
      const named = ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite'] as const;
      assert.deepEqual(
        named.map((name) => levels.level(name)),
        [0, 0, 50, 50, 50, 50, 0],
      );
      assert.equal(levels.notificationLevel('room'), 50);
      assert.equal(levels.powerLevelOf(BOB), 0);
      const creator = rules.creatorsHaveInfinitePower ? Number.POSITIVE_INFINITY : event === undefined ? 100 : 0;
      assert.equal(levels.powerLevelOf(ALICE), creator);
      assert.equal(levels.requiredLevel('m.room.topic', true), 50);
      assert.equal(levels.requiredLevel('m.room.message', false), 0);
    }
  }
});

test('adv-014 without a power levels event only the creator sends state', () => {
  for (const rules of VERSIONS) {
    const room = new TestRoom(rules.version);
    const state = room.state(room.create(), room.member(ALICE, 'join'), room.member(BOB, 'join'));
    const topic = (sender: string) => room.event({ type: 'm.room.topic', stateKey: '', sender });
    assert.equal(checkAuth({ rules, event: topic(ALICE), state, verify }).accept, true);
    assert.equal(checkAuth({ rules, event: topic(BOB), state, verify }).accept, false);
    const message = room.event({ type: 'm.room.message', sender: BOB });
    assert.equal(checkAuth({ rules, event: message, state, verify }).accept, true);
  }
});

test('monotone: who may send may also send with a higher level', () => {
  const level = fc.integer({ min: -10, max: 110 });
  fc.assert(
    fc.property(
      fc.record({ mine: level, more: level, needed: level, fallback: level }),
      fc.boolean(),
      fc.constantFrom(...VERSIONS),
      ({ mine, more, needed, fallback }, isState, rules) => {
        const room = new TestRoom(rules.version);
        const create = room.create();
        const content = { events: { t: needed }, state_default: fallback, events_default: fallback };
        const at = (own: number) =>
          new PowerLevels(room.powerLevels({ ...content, users: { [BOB]: own } }), create, rules);
        for (const type of ['t', 'u']) {
          if (at(mine).maySend(BOB, type, isState)) assert.ok(at(Math.max(mine, more)).maySend(BOB, type, isState));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('adv-141 users named like object properties have no level of their own', () => {
  const room = new TestRoom('11');
  const levels = new PowerLevels(room.powerLevels({ users: {}, events: {} }), room.create(), room.rules);
  for (const name of ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty']) {
    assert.equal(levels.powerLevelOf(name), 0);
    assert.equal(levels.requiredLevel(name, false), 0);
  }
});
