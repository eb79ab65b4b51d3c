import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import { ALICE, BOB, CHARLIE, TestRoom, VERSIONS } from '../../../test/fixtures/room-kit.ts';
import { authEventKeys, checkAuth, checkAuthEvents } from './index.ts';

const any = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('join', 'ban', 100, '50', ALICE, {}, []),
) as fc.Arbitrary<JsonValue>;
const KEYS = [
  'membership',
  'join_rule',
  'allow',
  'users',
  'events',
  'notifications',
  'users_default',
  'ban',
  'invite',
  'creator',
  'additional_creators',
  'm.federate',
  'room_version',
  'third_party_invite',
  'join_authorised_via_users_server',
  'public_key',
  'public_keys',
];
const content = fc.dictionary(fc.constantFrom(...KEYS, '__proto__'), any) as fc.Arbitrary<JsonObject>;
const TYPES = [
  'm.room.create',
  'm.room.member',
  'm.room.power_levels',
  'm.room.join_rules',
  'm.room.third_party_invite',
];
const event = fc.record({
  type: fc.constantFrom(...TYPES, 'm.room.aliases', 'm.room.redaction', 'm.room.message'),
  sender: fc.constantFrom(ALICE, BOB, CHARLIE),
  stateKey: fc.option(fc.constantFrom('', ALICE, BOB, 'token', 'a.example'), { nil: undefined }),
  content,
});

test('adv-029 adv-044 state and events of any content are judged, never an exception', () => {
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 8 }),
      event,
      fc.boolean(),
      fc.constantFrom(...VERSIONS),
      (given, last, isSound, rules) => {
        const room = new TestRoom(rules.version);
        const make = ({ stateKey, ...fields }: typeof last) =>
          room.event({ ...fields, ...(stateKey === undefined ? {} : { stateKey }) });
        const sound = isSound ? [room.create(), room.member(ALICE, 'join'), room.member(BOB, 'join')] : [];
        const state = [...sound, ...given.map(make)];
        const subject = make(last);
        const verdict = checkAuth({ rules, event: subject, state: room.state(...state), verify: () => true });
        if (verdict.accept) accepted += 1;
        else assert.ok(verdict.rule !== '' && verdict.why !== '');
        const authEvents = state.map((each) => ({ event: each, rejected: false }));
        assert.equal(
          typeof checkAuthEvents({ rules, event: subject, authEvents, create: authEvents[0] }).accept,
          'boolean',
        );
        assert.ok(authEventKeys(subject, rules).length <= 6);
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(accepted > 0, 'some are accepted, so that a "no" means something');
});
