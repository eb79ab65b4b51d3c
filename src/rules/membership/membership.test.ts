import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import { ALICE, BOB, CHARLIE, TestRoom, VERSIONS } from '../../../test/fixtures/room-kit.ts';
import { findAuthoriser, isRestricted, listAllowedRooms, needsAuthoriser } from './restricted-join.ts';
import { readTemplate, type TemplateExpectation } from './template.ts';

const ID = `$${'A'.repeat(43)}`;

test('restricted rooms by join rule and version', () => {
  for (const [index, rules] of VERSIONS.entries()) {
    const room = new TestRoom(rules.version);
    const of = (rule: string) => isRestricted(room.state(room.joinRule(rule)), rules);
    assert.equal(of('restricted'), index + 1 >= 8);
    assert.equal(of('knock_restricted'), index + 1 >= 10);
    for (const rule of ['public', 'invite', 'knock', '']) assert.equal(of(rule), false);
  }
});

test('allowed rooms, and what is no condition', () => {
  const room = new TestRoom('10');
  const membership = (room_id: unknown) => ({ type: 'm.room_membership', room_id }) as JsonObject;
  const allow = [
    membership('!a:x'),
    { type: 'other', room_id: '!b:x' },
    membership('!a:x'),
    membership('b'),
    membership(1),
    null,
    'x',
  ];
  const state = room.state(
    room.event({ type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'restricted', allow } }),
  );
  assert.deepEqual(listAllowedRooms(state), ['!a:x']);
  assert.deepEqual(listAllowedRooms(room.state()), []);
});

test('who can vouch', () => {
  const room = new TestRoom('10');
  const members = [room.member(BOB, 'join'), room.member(CHARLIE, 'leave')];
  const state = (levels: JsonObject) =>
    room.state(room.create(), room.joinRule('restricted'), room.powerLevels(levels), ...members);
  const open = state({});
  assert.equal(findAuthoriser(open, [CHARLIE, BOB], room.rules), BOB);
  assert.equal(findAuthoriser(open, [CHARLIE], room.rules), undefined);
  assert.equal(findAuthoriser(state({ invite: 50 }), [BOB], room.rules), undefined);
  assert.equal(needsAuthoriser(open, CHARLIE, room.rules), true);
  assert.equal(needsAuthoriser(open, BOB, room.rules), false);
});

test('adv-020 a template gives its places in the graph and nothing else', () => {
  for (const rules of VERSIONS) {
    const expected: TemplateExpectation = { roomId: '!r:x', userId: ALICE, membership: 'join', rules };
    const isPair = rules.eventReferences === 'pairs';
    const hash = 'h'.repeat(43);
    const reference = isPair ? [ID, { sha256: hash }] : ID;
    const template = (changes: JsonObject = {}): JsonObject => ({
      type: 'm.room.member',
      room_id: '!r:x',
      sender: ALICE,
      state_key: ALICE,
      content: { membership: 'join', join_authorised_via_users_server: BOB, evil: true },
      auth_events: [reference],
      prev_events: [reference],
      depth: 7,
      extra: 'x',
      ...changes,
    });
    const authorisedVia = rules.allowsRestrictedJoins ? BOB : undefined;
    assert.deepEqual(readTemplate(template(), expected), {
      authEvents: [ID],
      prevEvents: [ID],
      hashes: new Map(isPair ? [[ID, hash]] : []),
      depth: 7,
      authorisedVia,
    });
    if (isPair) {
      // As Synapse gives what it has kept no hash of.
      const bare = readTemplate(template({ auth_events: [[ID, {}]], prev_events: [[ID, {}]] }), expected);
      assert.deepEqual([bare?.authEvents, bare?.prevEvents, bare?.hashes], [[ID], [ID], new Map()]);
      for (const odd of [[ID, { sha256: 'short' }], [ID, { sha256: 7 }], [ID, null], [ID]] as JsonValue[]) {
        assert.equal(readTemplate(template({ prev_events: [odd] }), expected), undefined, JSON.stringify(odd));
      }
    }
    const hostile: JsonObject[] = [
      { type: 'm.room.power_levels' },
      { room_id: '!other:x' },
      { sender: BOB },
      { state_key: BOB },
      { content: { membership: 'leave' } },
      { content: {} },
      { content: null },
      { auth_events: Array(11).fill(reference) as JsonObject[] },
      { prev_events: Array(21).fill(reference) as JsonObject[] },
      { prev_events: [1] },
      { auth_events: {} },
    ];
    for (const changes of hostile)
      assert.equal(readTemplate(template(changes), expected), undefined, JSON.stringify(changes));
    const bad = readTemplate(
      template({ content: { membership: 'join', join_authorised_via_users_server: 'x' } }),
      expected,
    );
    assert.equal(bad === undefined, rules.allowsRestrictedJoins);
    for (const depth of [-1, 1.5, 2 ** 53, '7', null])
      assert.equal(readTemplate(template({ depth }), expected)?.depth, 1);
  }
});
