import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pdu } from '../../matrix/events.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { ALICE, BOB, CHARLIE, type Fields, TestRoom, VERSIONS, versions } from '../../../test/fixtures/room-kit.ts';
import type { AuthVerdict } from '../verdict.ts';
import { authEventKeys, checkAuth, checkAuthEvents, mayApplyRedaction } from './index.ts';

const verify = () => false;
const ruleOf = (verdict: AuthVerdict) => (verdict.accept ? 'accept' : verdict.rule);

/** A room with alice (100), bob (50) and charlie (0) joined. */
function populated(version: string, levels: JsonObject = {}, create: JsonObject = {}) {
  const room = new TestRoom(version);
  const users = { [BOB]: 50, ...(room.rules.creatorsHaveInfinitePower ? {} : { [ALICE]: 100 }) };
  const createEvent = room.create(create);
  const power = room.powerLevels({ users, ...levels });
  const members = [ALICE, BOB, CHARLIE].map((user) => room.member(user, 'join'));
  const state = room.state(createEvent, power, ...members);
  const judge = (fields: Fields) => ruleOf(checkAuth({ rules: room.rules, event: room.event(fields), state, verify }));
  return { room, create: createEvent, power, members, state, judge };
}

test('create events', () => {
  for (const rules of VERSIONS) {
    const judge = (changes: Partial<Fields>) => {
      const room = new TestRoom(rules.version);
      const content = { room_version: rules.version, creator: ALICE };
      const event = room.event({ type: 'm.room.create', stateKey: '', content, prev: [], ...changes });
      const independent = checkAuthEvents({ rules, event, authEvents: [] });
      assert.equal(ruleOf(independent), ruleOf(checkAuth({ rules, event, state: () => undefined, verify })));
      return ruleOf(independent);
    };
    assert.equal(judge({}), 'accept');
    assert.equal(judge({ prev: ['$x'] }), 'create.prev_events');
    assert.equal(judge({ content: { creator: ALICE } }), 'accept');
    assert.equal(judge({ content: { creator: ALICE, room_version: '99' } }), 'create.room_version');
    assert.equal(judge({ content: { creator: ALICE, room_version: 1 } }), 'create.room_version');
    assert.equal(judge({ content: {} }), rules.creator === 'content' ? 'create.creator' : 'accept');
    const foreign = judge({ sender: BOB });
    assert.equal(foreign, rules.roomIdIsCreateHash ? 'accept' : 'create.room_id_domain');
  }
});

test('adv-011 a version 12 create event must not name a room, others must name one of their server', () => {
  const room = new TestRoom('12');
  const event = room.event({ type: 'm.room.create', stateKey: '', json: { room_id: '!x:a.example' }, prev: [] });
  assert.equal(ruleOf(checkAuthEvents({ rules: room.rules, event, authEvents: [] })), 'create.room_id');
});

test('adv-012 bad additional creators', () => {
  const bad = [BOB, { [BOB]: 1 }, [1], ['bob'], [`@${'x'.repeat(300)}:a.example`], null, [[BOB]]];
  for (const additional of bad) {
    const room = new TestRoom('12');
    const event = room.create({ additional_creators: additional });
    assert.equal(ruleOf(checkAuthEvents({ rules: room.rules, event, authEvents: [] })), 'create.additional_creators');
    const older = new TestRoom('11');
    const accepted = older.create({ additional_creators: additional });
    assert.equal(ruleOf(checkAuthEvents({ rules: older.rules, event: accepted, authEvents: [] })), 'accept');
  }
});

test('the state must hold a create event', () => {
  for (const rules of VERSIONS) {
    const room = new TestRoom(rules.version);
    const state = room.state(room.member(ALICE, 'join'));
    const event = room.event({ type: 'm.room.message' });
    assert.equal(ruleOf(checkAuth({ rules, event, state, verify })), 'create.absent');
  }
});

test('rooms that do not federate compare the senders of event and create event', () => {
  for (const rules of VERSIONS) {
    const { judge } = populated(rules.version, {}, { 'm.federate': false });
    assert.equal(judge({ type: 'm.room.message', sender: BOB }), 'federate');
    assert.equal(judge({ type: 'm.room.message', sender: ALICE }), 'accept');
    const open = populated(rules.version, {}, { 'm.federate': true });
    assert.equal(open.judge({ type: 'm.room.message', sender: BOB }), 'accept');
  }
});

test('aliases have a rule of their own up to version 5', () => {
  for (const rules of versions(1, 5)) {
    const { judge } = populated(rules.version);
    const type = 'm.room.aliases';
    assert.equal(judge({ type, sender: CHARLIE }), 'aliases.state_key');
    assert.equal(judge({ type, sender: CHARLIE, stateKey: 'a.example' }), 'aliases.state_key');
    assert.equal(judge({ type, sender: CHARLIE, stateKey: 'c.example' }), 'accept');
    assert.equal(judge({ type, sender: '@nobody:c.example', stateKey: 'c.example' }), 'accept');
  }
  for (const rules of versions(6)) {
    const { judge } = populated(rules.version);
    const type = 'm.room.aliases';
    assert.equal(judge({ type, sender: CHARLIE, stateKey: 'c.example' }), 'sender.level');
    assert.equal(judge({ type, sender: BOB, stateKey: 'a.example' }), 'accept');
    assert.equal(judge({ type, sender: CHARLIE }), 'accept');
  }
});

test('sender, level and state key of other events', () => {
  for (const rules of VERSIONS) {
    const { judge } = populated(rules.version, { events: { special: 60 }, invite: 50 });
    assert.equal(judge({ type: 'm.room.message', sender: '@nobody:c.example' }), 'sender.joined');
    assert.equal(judge({ type: 'special', sender: BOB }), 'sender.level');
    assert.equal(judge({ type: 'special', sender: ALICE }), 'accept');
    assert.equal(judge({ type: 'm.room.topic', stateKey: '', sender: CHARLIE }), 'sender.level');
    assert.equal(judge({ type: 'm.room.topic', stateKey: '', sender: BOB }), 'accept');
    assert.equal(judge({ type: 'x', stateKey: ALICE, sender: BOB }), 'state_key');
    assert.equal(judge({ type: 'x', stateKey: BOB, sender: BOB }), 'accept');
    assert.equal(judge({ type: 'x', stateKey: '@', sender: BOB }), 'state_key');
    assert.equal(judge({ type: 'm.room.third_party_invite', stateKey: 't', sender: BOB }), 'accept');
    assert.equal(
      judge({ type: 'm.room.third_party_invite', stateKey: 't', sender: CHARLIE }),
      'third_party_invite.level',
    );
  }
});

test('adv-016 redactions: authorised by level or server in versions 1 and 2, like other events later', () => {
  for (const rules of versions(1, 2)) {
    const { judge } = populated(rules.version);
    const redaction = (sender: string, redacts: string, id = '$r:c.example') =>
      judge({ type: 'm.room.redaction', sender, id, json: { redacts } });
    assert.equal(redaction(BOB, '$x:a.example'), 'accept');
    assert.equal(redaction(CHARLIE, '$x:a.example'), 'redaction');
    assert.equal(redaction(CHARLIE, '$x:c.example'), 'accept');
    assert.equal(redaction(CHARLIE, '$x'), 'redaction');
  }
  for (const rules of versions(3)) {
    assert.equal(populated(rules.version).judge({ type: 'm.room.redaction', sender: CHARLIE }), 'accept');
    const strict = populated(rules.version, { events: { 'm.room.redaction': 50 } });
    assert.equal(strict.judge({ type: 'm.room.redaction', sender: CHARLIE }), 'sender.level');
  }
});

test('adv-015 adv-016 adv-017 when a redaction is applied', () => {
  for (const rules of VERSIONS) {
    const { room, state, create } = populated(rules.version);
    const redacting = (sender: string, target: string): Pdu =>
      rules.redactsInContent
        ? room.event({ type: 'm.room.redaction', sender, content: { redacts: target } })
        : room.event({ type: 'm.room.redaction', sender, json: { redacts: target } });
    const target = room.event({ type: 'm.room.message', sender: '@other:c.example' });
    const applies = (sender: string, of: Pdu = target) =>
      mayApplyRedaction(redacting(sender, of.eventId), of, { state, rules });
    assert.equal(applies(ALICE), true);
    assert.equal(applies(BOB), true);
    assert.equal(applies(CHARLIE), true);
    assert.equal(applies('@d:d.example'), false);
    assert.equal(applies(ALICE, create), false);
    const elsewhere: Pdu = { ...target, roomId: '!other:a.example' as Pdu['roomId'] };
    assert.equal(mayApplyRedaction(redacting(ALICE, target.eventId), elsewhere, { state, rules }), false);
    assert.equal(mayApplyRedaction(redacting(ALICE, '$else'), target, { state, rules }), false);
  }
});

test('auth events selection', () => {
  for (const rules of VERSIONS) {
    const names = (type: string, content: JsonObject, stateKey?: string) =>
      authEventKeys({ type, content, stateKey, sender: ALICE as Pdu['sender'] }, rules)
        .map((pair) => `${pair.type.replace('m.room.', '')}|${pair.stateKey}`)
        .sort();
    const create = rules.roomIdIsCreateHash ? [] : ['create|'];
    const base = [...create, 'power_levels|', `member|${ALICE}`];
    const member = (content: JsonObject, more: string[], target = BOB) =>
      assert.deepEqual(names('m.room.member', content, target), [...base, ...more].sort(), `version ${rules.version}`);
    assert.deepEqual(names('m.room.create', {}, ''), []);
    assert.deepEqual(names('m.room.message', {}), [...base].sort());
    member({ membership: 'leave' }, [], ALICE);
    member({ membership: 'ban' }, [`member|${BOB}`]);
    member({ membership: 'join' }, ['join_rules|'], ALICE);
    member({ membership: 'invite' }, [`member|${BOB}`, 'join_rules|']);
    member({ membership: 'knock' }, rules.allowsKnocking ? ['join_rules|'] : [], ALICE);
    const invite = { membership: 'invite', third_party_invite: { signed: { token: 't' } } };
    member(invite, [`member|${BOB}`, 'join_rules|', 'third_party_invite|t']);
    const via = { membership: 'join', join_authorised_via_users_server: BOB };
    member(via, rules.allowsRestrictedJoins ? ['join_rules|', `member|${BOB}`] : ['join_rules|'], ALICE);
    member({ ...via, membership: 'leave' }, [], ALICE);
  }
});

test('adv-006 auth events: of this room, expected, single, accepted, complete', () => {
  for (const rules of VERSIONS) {
    const { room, create, power, members } = populated(rules.version);
    const [alice, bob] = members;
    assert.ok(alice && bob);
    const cite = (
      events: readonly Pdu[],
      changes: { rejected?: Pdu; drop?: number; create?: Pdu | undefined } = {},
    ) => {
      const event = room.event({ type: 'm.room.message', auth: events.map((cited) => cited.eventId) });
      const known = events.slice(0, events.length - (changes.drop ?? 0));
      return ruleOf(
        checkAuthEvents({
          rules,
          event,
          authEvents: known.map((cited) => ({ event: cited, rejected: cited === changes.rejected })),
          create: { event: changes.create ?? create, rejected: changes.rejected === create },
        }),
      );
    };
    const base = rules.roomIdIsCreateHash ? [power, alice] : [create, power, alice];
    assert.equal(cite(base), 'accept');
    assert.equal(cite([...base, bob]), 'auth_events.unexpected');
    assert.equal(cite([...base, room.event({ type: 'm.room.message' })]), 'auth_events.unexpected');
    assert.equal(cite([...base, room.member(ALICE, 'join')]), 'auth_events.duplicate');
    assert.equal(cite(base, { rejected: alice }), 'auth_events.rejected');
    assert.equal(cite(base, { drop: 1 }), 'auth_events.missing');
    const foreign: Pdu = { ...alice, roomId: '!other:a.example' as Pdu['roomId'] };
    assert.equal(cite(base.map((event) => (event === alice ? foreign : event))), 'auth_events.room');
    if (rules.roomIdIsCreateHash) {
      assert.equal(cite([create, ...base]), 'auth_events.unexpected');
      assert.equal(cite(base, { rejected: create }), 'room_id');
      assert.equal(cite(base, { create: { ...create, eventId: '$other' as Pdu['eventId'] } }), 'room_id');
      assert.equal(cite(base, { create: alice }), 'room_id');
    } else {
      assert.equal(cite([power, alice]), 'auth_events.create');
    }
  }
});
