import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import { sha256 } from '../../../test/fixtures/ed25519.ts';
import { ALICE, versions } from '../../../test/fixtures/room-kit.ts';
import { hashEvent } from '../hashes/hashes.ts';
import { roomIdOfCreate } from '../../matrix/events.ts';
import type { RoomId } from '../../matrix/ids.ts';
import { checkInviteState, readStrippedState, STRIPPED_STATE_MAX } from './stripped-state.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('adv-025 adv-026 stripped state of any shape', () => {
  const good = { type: 't', sender: ALICE, state_key: '', content: { a: 1 } };
  assert.deepEqual(plain(readStrippedState([{ ...good, event_id: '$x', unsigned: {}, origin_server_ts: 1 }])), [good]);
  const { content: _, ...bare } = good;
  const bad: JsonValue[] = [null, 1, [], bare, { ...good, state_key: 1 }, { ...good, content: null }];
  assert.deepEqual(plain(readStrippedState([...bad, good])), [good]);
  assert.equal(readStrippedState(Array<JsonObject>(10_000).fill(good)).length, STRIPPED_STATE_MAX);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => assert.ok(Array.isArray(readStrippedState(value as JsonValue)))),
    { numRuns: 50 },
  );
});

test('adv-013 an invite must come with the create event of its room, in full', () => {
  for (const rules of versions(3)) {
    const pdu = (changes: JsonObject): JsonObject => {
      const fields = {
        sender: ALICE,
        content: {},
        origin_server_ts: 1,
        depth: 1,
        auth_events: [],
        prev_events: [],
        signatures: {},
      };
      return hashEvent({ ...fields, state_key: '', type: 'm.room.name', ...changes }, rules, sha256).json;
    };
    const hashed = hashEvent(pdu({ type: 'm.room.create' }), rules, sha256);
    const roomId = rules.roomIdIsCreateHash ? roomIdOfCreate(hashed.eventId) : ('!r:a.example' as RoomId);
    const of = rules.roomIdIsCreateHash ? {} : { room_id: roomId };
    const create = pdu({ type: 'm.room.create', ...of });
    const name = pdu({ room_id: roomId });
    const judge = (value: JsonValue | undefined) => checkInviteState(value, roomId, rules, sha256).accept;
    assert.equal(judge([create, name]), true, rules.version);
    assert.equal(judge([create]), true);
    assert.equal(judge([name]), false, 'no create event');
    assert.equal(judge([]), false);
    for (const value of [undefined, null, {}, 'x']) assert.equal(judge(value), false);
    assert.equal(
      judge([create, { type: 'm.room.name', sender: ALICE, state_key: '', content: {} }]),
      false,
      'stripped',
    );
    assert.equal(
      judge([create, pdu({ room_id: rules.roomIdIsCreateHash ? `!${'A'.repeat(43)}` : '!o:a.example' })]),
      false,
    );
    const spoofed = pdu({ type: 'm.room.create', content: { evil: true }, ...of });
    assert.equal(judge([spoofed]), !rules.roomIdIsCreateHash, 'another create event has another room id');
    assert.equal(judge(Array<JsonObject>(STRIPPED_STATE_MAX + 1).fill(create)), false);
  }
});
