import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBase64 } from '../../lib/base64.ts';
import type { Pdu } from '../../matrix/events.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { ALICE, BOB, CHARLIE, ELLA, TestRoom, VERSIONS, versions } from '../../../test/fixtures/room-kit.ts';
import { checkAuth } from './index.ts';

const KEY = new Uint8Array(32).fill(7);
const SIGNATURE = new Uint8Array(64).fill(9);
const verify = (key: Uint8Array, _text: string, signature: Uint8Array) => key[0] === 7 && signature[0] === 9;

interface Case {
  /** Memberships besides those of alice (creator, joined). */
  readonly members?: Readonly<Record<string, string>>;
  readonly joinRule?: string;
  readonly levels?: JsonObject;
  readonly more?: (room: TestRoom) => Pdu[];
  readonly event: (room: TestRoom) => Pdu;
}

function judge(rules: RoomVersionRules, wanted: Case): string {
  const room = new TestRoom(rules.version);
  const create = room.create();
  const users = rules.creatorsHaveInfinitePower ? {} : { [ALICE]: 100 };
  const levels = wanted.levels ?? {};
  const state = [
    create,
    room.member(ALICE, 'join'),
    room.powerLevels({ ...levels, users: { ...users, ...(levels['users'] as JsonObject | undefined) } }),
  ];
  if (wanted.joinRule !== undefined) state.push(room.joinRule(wanted.joinRule));
  for (const [user, membership] of Object.entries(wanted.members ?? {})) state.push(room.member(user, membership));
  state.push(...(wanted.more?.(room) ?? []));
  const verdict = checkAuth({ rules, event: wanted.event(room), state: room.state(...state), verify });
  return verdict.accept ? 'accept' : verdict.rule;
}

function expectAll(rules: readonly RoomVersionRules[], wanted: Case, expected: string): void {
  for (const version of rules) assert.equal(judge(version, wanted), expected, `version ${version.version}`);
}

const joins = (user: string, content?: JsonObject) => (room: TestRoom) =>
  room.member(user, 'join', content === undefined ? {} : { content });
const by = (sender: string, user: string, membership: string) => (room: TestRoom) =>
  room.member(user, membership, { sender });

test('adv-004 a member event needs a state key that is a user, and a membership that exists', () => {
  const member = (json: JsonObject) => (room: TestRoom) =>
    room.event({ type: 'm.room.member', sender: ALICE, ...json });
  expectAll(VERSIONS, { event: member({ content: { membership: 'join' } }) }, 'member.state_key');
  expectAll(VERSIONS, { event: member({ stateKey: 'x', content: { membership: 'join' } }) }, 'member.state_key');
  expectAll(VERSIONS, { event: member({ stateKey: ALICE, content: {} }) }, 'member.membership');
  expectAll(VERSIONS, { event: member({ stateKey: ALICE, content: { membership: 1 } }) }, 'member.membership');
  expectAll(VERSIONS, { event: member({ stateKey: ALICE, content: { membership: 'guest' } }) }, 'member.unknown');
});

test('join right after the create event: the creator only', () => {
  for (const rules of VERSIONS) {
    const room = new TestRoom(rules.version);
    const create = room.create();
    const state = room.state(create);
    const first = room.event({
      type: 'm.room.member',
      stateKey: ALICE,
      content: { membership: 'join' },
      prev: [create.eventId],
    });
    assert.equal(checkAuth({ rules, event: first, state, verify }).accept, true);
    const other = room.event({
      type: 'm.room.member',
      sender: BOB,
      stateKey: BOB,
      content: { membership: 'join' },
      prev: [create.eventId],
    });
    assert.equal(checkAuth({ rules, event: other, state, verify }).accept, false);
    const later = room.event({
      type: 'm.room.member',
      stateKey: ALICE,
      content: { membership: 'join' },
      prev: [other.eventId],
    });
    assert.equal(checkAuth({ rules, event: later, state, verify }).accept, false);
    const two = room.event({
      type: 'm.room.member',
      stateKey: ALICE,
      content: { membership: 'join' },
      prev: [create.eventId, other.eventId],
    });
    assert.equal(checkAuth({ rules, event: two, state, verify }).accept, false);
  }
});

test('who the creator is: content.creator up to version 10, the sender from 11 on', () => {
  for (const rules of VERSIONS) {
    const room = new TestRoom(rules.version);
    const create = room.event({ type: 'm.room.create', stateKey: '', sender: ALICE, content: { creator: BOB } });
    const state = room.state(create);
    const first = (user: string) =>
      room.event({
        type: 'm.room.member',
        sender: user,
        stateKey: user,
        content: { membership: 'join' },
        prev: [create.eventId],
      });
    const isByContent = rules.creator === 'content';
    assert.equal(checkAuth({ rules, event: first(ALICE), state, verify }).accept, !isByContent);
    assert.equal(checkAuth({ rules, event: first(BOB), state, verify }).accept, isByContent);
  }
});

test('joins', () => {
  expectAll(VERSIONS, { joinRule: 'public', event: by(ALICE, BOB, 'join') }, 'member.join.sender');
  expectAll(VERSIONS, { joinRule: 'public', members: { [BOB]: 'ban' }, event: joins(BOB) }, 'member.join.banned');
  expectAll(VERSIONS, { joinRule: 'public', event: joins(BOB) }, 'accept');
  expectAll(VERSIONS, { joinRule: 'public', members: { [BOB]: 'leave' }, event: joins(BOB) }, 'accept');
  expectAll(VERSIONS, { event: joins(BOB) }, 'member.join.invite');
  for (const membership of ['invite', 'join']) {
    expectAll(VERSIONS, { joinRule: 'invite', members: { [BOB]: membership }, event: joins(BOB) }, 'accept');
    expectAll(VERSIONS, { members: { [BOB]: membership }, event: joins(BOB) }, 'accept');
    expectAll(versions(7), { joinRule: 'knock', members: { [BOB]: membership }, event: joins(BOB) }, 'accept');
  }
  expectAll(VERSIONS, { joinRule: 'invite', members: { [BOB]: 'leave' }, event: joins(BOB) }, 'member.join.invite');
  expectAll(versions(7), { joinRule: 'knock', members: { [BOB]: 'knock' }, event: joins(BOB) }, 'member.join.invite');
  expectAll(versions(1, 6), { joinRule: 'knock', members: { [BOB]: 'invite' }, event: joins(BOB) }, 'member.join.rule');
  expectAll(
    versions(1, 7),
    { joinRule: 'restricted', members: { [BOB]: 'invite' }, event: joins(BOB) },
    'member.join.rule',
  );
  expectAll(
    versions(1, 9),
    { joinRule: 'knock_restricted', members: { [BOB]: 'invite' }, event: joins(BOB) },
    'member.join.rule',
  );
  expectAll(VERSIONS, { joinRule: 'private', members: { [BOB]: 'invite' }, event: joins(BOB) }, 'member.join.rule');
});

test('restricted joins', () => {
  for (const [joinRule, rules] of [
    ['restricted', versions(8)],
    ['knock_restricted', versions(10)],
  ] as const) {
    const via = joins(BOB, { join_authorised_via_users_server: CHARLIE });
    const members = { [CHARLIE]: 'join' };
    for (const membership of ['join', 'invite']) {
      expectAll(rules, { joinRule, members: { [BOB]: membership }, event: joins(BOB) }, 'accept');
    }
    expectAll(rules, { joinRule, event: joins(BOB) }, 'member.join.authoriser');
    expectAll(rules, { joinRule, event: via }, 'member.join.authoriser');
    expectAll(rules, { joinRule, members: { [CHARLIE]: 'leave' }, event: via }, 'member.join.authoriser');
    expectAll(rules, { joinRule, members, event: via }, 'accept');
    expectAll(rules, { joinRule, members, levels: { invite: 50 }, event: via }, 'member.join.authoriser');
    expectAll(rules, { joinRule, members, levels: { invite: 50, users: { [CHARLIE]: 50 } }, event: via }, 'accept');
    expectAll(rules, { joinRule, members: { ...members, [BOB]: 'ban' }, event: via }, 'member.join.banned');
  }
});

test('invites', () => {
  expectAll(VERSIONS, { event: by(CHARLIE, BOB, 'invite') }, 'member.invite.sender');
  expectAll(VERSIONS, { members: { [BOB]: 'join' }, event: by(ALICE, BOB, 'invite') }, 'member.invite.target');
  expectAll(VERSIONS, { members: { [BOB]: 'ban' }, event: by(ALICE, BOB, 'invite') }, 'member.invite.target');
  expectAll(VERSIONS, { members: { [CHARLIE]: 'join' }, event: by(CHARLIE, BOB, 'invite') }, 'accept');
  const levels = { invite: 50 };
  expectAll(
    VERSIONS,
    { levels, members: { [CHARLIE]: 'join' }, event: by(CHARLIE, BOB, 'invite') },
    'member.invite.level',
  );
  expectAll(VERSIONS, { levels, event: by(ALICE, BOB, 'invite') }, 'accept');
});

test('third-party invites', () => {
  const signed = (changes: JsonObject = {}) => ({
    mxid: BOB,
    token: 'token',
    signatures: { 'id.example': { 'ed25519:0': encodeBase64(SIGNATURE) } },
    ...changes,
  });
  const redeem = (content: JsonObject) => (room: TestRoom) => room.member(BOB, 'invite', { sender: ALICE, content });
  const offer =
    (content: JsonObject, sender = ALICE) =>
    (room: TestRoom) => [room.event({ type: 'm.room.third_party_invite', stateKey: 'token', sender, content })];
  const good = redeem({ third_party_invite: { signed: signed() } });
  const more = offer({ public_key: encodeBase64(KEY) });
  const other = encodeBase64(new Uint8Array(32));
  expectAll(VERSIONS, { more, event: good }, 'accept');
  expectAll(VERSIONS, { more, members: { [BOB]: 'join' }, event: good }, 'accept');
  expectAll(
    VERSIONS,
    { more: offer({ public_keys: [{ public_key: other }, { public_key: encodeBase64(KEY) }] }), event: good },
    'accept',
  );
  expectAll(
    VERSIONS,
    { more: offer({ public_key: other, public_keys: [{ public_key: encodeBase64(KEY) }] }), event: good },
    'accept',
  );
  expectAll(VERSIONS, { more, members: { [BOB]: 'ban' }, event: good }, 'member.3pid.banned');
  expectAll(VERSIONS, { more, event: redeem({ third_party_invite: {} }) }, 'member.3pid.signed');
  expectAll(VERSIONS, { more, event: redeem({ third_party_invite: null }) }, 'member.3pid.signed');
  const noMxid = { token: 'token', signatures: {} };
  expectAll(VERSIONS, { more, event: redeem({ third_party_invite: { signed: noMxid } }) }, 'member.3pid.fields');
  expectAll(VERSIONS, { more, event: redeem({ third_party_invite: { signed: { mxid: BOB } } }) }, 'member.3pid.fields');
  expectAll(
    VERSIONS,
    { more, event: redeem({ third_party_invite: { signed: signed({ mxid: CHARLIE }) } }) },
    'member.3pid.mxid',
  );
  expectAll(VERSIONS, { event: good }, 'member.3pid.no_invite');
  expectAll(
    VERSIONS,
    { more, event: redeem({ third_party_invite: { signed: signed({ token: 'other' }) } }) },
    'member.3pid.no_invite',
  );
  expectAll(VERSIONS, { more: offer({ public_key: encodeBase64(KEY) }, CHARLIE), event: good }, 'member.3pid.sender');
  expectAll(VERSIONS, { more: offer({}), event: good }, 'member.3pid.signature');
  expectAll(VERSIONS, { more: offer({ public_key: other }), event: good }, 'member.3pid.signature');
  const bad: JsonObject[] = [
    {},
    { 'id.example': {} },
    { 'id.example': { 'ed25519:0': '' } },
    { 'id.example': { 'x25519:0': encodeBase64(SIGNATURE) } },
  ];
  bad.push(
    { 'id.example': { 'ed25519:0': encodeBase64(new Uint8Array(64)) } },
    { 'id.example': { 'ed25519:0': encodeBase64(SIGNATURE.slice(1)) } },
  );
  for (const signatures of bad) {
    expectAll(
      VERSIONS,
      { more, event: redeem({ third_party_invite: { signed: signed({ signatures }) } }) },
      'member.3pid.signature',
    );
  }
});

test('leaving, kicking, unbanning', () => {
  for (const membership of ['join', 'invite']) {
    expectAll(VERSIONS, { members: { [BOB]: membership }, event: by(BOB, BOB, 'leave') }, 'accept');
  }
  expectAll(versions(7), { members: { [BOB]: 'knock' }, event: by(BOB, BOB, 'leave') }, 'accept');
  expectAll(versions(1, 6), { members: { [BOB]: 'knock' }, event: by(BOB, BOB, 'leave') }, 'member.leave.state');
  for (const membership of ['leave', 'ban']) {
    expectAll(VERSIONS, { members: { [BOB]: membership }, event: by(BOB, BOB, 'leave') }, 'member.leave.state');
  }
  expectAll(VERSIONS, { event: by(BOB, BOB, 'leave') }, 'member.leave.state');
  const members = { [BOB]: 'join', [CHARLIE]: 'join' };
  const users = { [CHARLIE]: 50 };
  expectAll(
    VERSIONS,
    { members: { [BOB]: 'join', [CHARLIE]: 'leave' }, levels: { users }, event: by(CHARLIE, BOB, 'leave') },
    'member.leave.sender',
  );
  expectAll(VERSIONS, { members, event: by(CHARLIE, BOB, 'leave') }, 'member.kick.level');
  expectAll(
    VERSIONS,
    { members, levels: { users: { ...users, [BOB]: 50 } }, event: by(CHARLIE, BOB, 'leave') },
    'member.kick.level',
  );
  expectAll(
    VERSIONS,
    { members, levels: { users: { ...users, [BOB]: 60 } }, event: by(CHARLIE, BOB, 'leave') },
    'member.kick.level',
  );
  expectAll(VERSIONS, { members, levels: { users }, event: by(CHARLIE, BOB, 'leave') }, 'accept');
  const banned = { [BOB]: 'ban', [CHARLIE]: 'join' };
  expectAll(VERSIONS, { members: banned, levels: { users }, event: by(CHARLIE, BOB, 'leave') }, 'accept');
  expectAll(
    VERSIONS,
    { members: banned, levels: { users, ban: 60 }, event: by(CHARLIE, BOB, 'leave') },
    'member.unban.level',
  );
  expectAll(
    VERSIONS,
    { members: banned, levels: { users, kick: 60 }, event: by(CHARLIE, BOB, 'leave') },
    'member.kick.level',
  );
});

test('bans', () => {
  const members = { [BOB]: 'join', [CHARLIE]: 'join' };
  const users = { [CHARLIE]: 50 };
  expectAll(
    VERSIONS,
    { members: { [CHARLIE]: 'leave' }, levels: { users }, event: by(CHARLIE, BOB, 'ban') },
    'member.ban.sender',
  );
  expectAll(VERSIONS, { members, event: by(CHARLIE, BOB, 'ban') }, 'member.ban.level');
  expectAll(
    VERSIONS,
    { members, levels: { users: { ...users, [BOB]: 50 } }, event: by(CHARLIE, BOB, 'ban') },
    'member.ban.level',
  );
  expectAll(
    VERSIONS,
    { members, levels: { users: { ...users, [BOB]: 51 } }, event: by(CHARLIE, BOB, 'ban') },
    'member.ban.level',
  );
  expectAll(VERSIONS, { members, levels: { users }, event: by(CHARLIE, BOB, 'ban') }, 'accept');
  expectAll(VERSIONS, { members: { [CHARLIE]: 'join' }, levels: { users }, event: by(CHARLIE, ELLA, 'ban') }, 'accept');
});

test('adv-035 knocks: by join rule and version', () => {
  const knock = by(BOB, BOB, 'knock');
  expectAll(versions(1, 6), { joinRule: 'knock', event: knock }, 'member.unknown');
  expectAll(versions(7), { joinRule: 'knock', event: knock }, 'accept');
  expectAll(versions(7, 9), { joinRule: 'knock_restricted', event: knock }, 'member.knock.rule');
  expectAll(versions(10), { joinRule: 'knock_restricted', event: knock }, 'accept');
  for (const joinRule of ['public', 'invite', 'private', 'restricted', '']) {
    expectAll(versions(7), { joinRule, event: knock }, 'member.knock.rule');
  }
  expectAll(versions(7), { event: knock }, 'member.knock.rule');
  expectAll(versions(7), { joinRule: 'knock', event: by(ALICE, BOB, 'knock') }, 'member.knock.sender');
  for (const membership of ['ban', 'invite', 'join']) {
    expectAll(versions(7), { joinRule: 'knock', members: { [BOB]: membership }, event: knock }, 'member.knock.state');
  }
  for (const membership of ['leave', 'knock']) {
    expectAll(versions(7), { joinRule: 'knock', members: { [BOB]: membership }, event: knock }, 'accept');
  }
});
