/**
 * "The `auth_events` field of a PDU identifies the set of events which give the sender permission to send the event."
 * `content/server-server-api.md`, "Auth events selection".
 */
import { type Pdu, type StateKey, stateKeyOf } from '../../matrix/events.ts';
import { getObject, getString } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';

/** What the selection reads; an event that is still being built has this much. */
export type AuthSubject = Pick<Pdu, 'type' | 'sender' | 'stateKey' | 'content'>;

export interface StatePair {
  readonly type: string;
  readonly stateKey: string;
}

function memberPairs(event: AuthSubject, rules: RoomVersionRules): StatePair[] {
  const pairs: StatePair[] = [];
  const member = (stateKey: string) => pairs.push({ type: 'm.room.member', stateKey });
  const membership = getString(event.content, 'membership');
  // "The target's current `m.room.member` event, if any."
  if (event.stateKey !== undefined && event.stateKey !== event.sender) member(event.stateKey);
  // "If `membership` is `join`, `invite` or `knock`, the current `m.room.join_rules` event, if any."
  if (membership === 'join' || membership === 'invite' || (membership === 'knock' && rules.allowsKnocking)) {
    pairs.push({ type: 'm.room.join_rules', stateKey: '' });
  }
  // "… the current `m.room.third_party_invite` event with `state_key` matching
  // `content.third_party_invite.signed.token`, if any."
  const signed = getObject(getObject(event.content, 'third_party_invite'), 'signed');
  const token = getString(signed, 'token');
  if (membership === 'invite' && token !== undefined) {
    pairs.push({ type: 'm.room.third_party_invite', stateKey: token });
  }
  // "… and the room version supports restricted rooms, then the `m.room.member` event with `state_key` matching
  // `content.join_authorised_via_users_server`."
  const authoriser = getString(event.content, 'join_authorised_via_users_server');
  if (membership === 'join' && rules.allowsRestrictedJoins && authoriser !== undefined) {
    if (authoriser !== event.sender && authoriser !== event.stateKey) member(authoriser);
  }
  return pairs;
}

/** The types and state keys whose events an event must cite from the room's state, as far as they exist there. */
export function authEventKeys(event: AuthSubject, rules: RoomVersionRules): readonly StatePair[] {
  if (event.type === 'm.room.create') return [];
  const pairs: StatePair[] = [
    { type: 'm.room.power_levels', stateKey: '' },
    { type: 'm.room.member', stateKey: event.sender },
  ];
  // "Depending on the room version, the `m.room.create` event."
  if (!rules.roomIdIsCreateHash) pairs.push({ type: 'm.room.create', stateKey: '' });
  if (event.type === 'm.room.member') pairs.push(...memberPairs(event, rules));
  return pairs;
}

/** The same selection as joined keys, for looking up whether a cited event belongs to it. */
export function authEventKeySet(event: AuthSubject, rules: RoomVersionRules): ReadonlySet<StateKey> {
  return new Set(authEventKeys(event, rules).map(({ type, stateKey }) => stateKeyOf(type, stateKey)));
}
