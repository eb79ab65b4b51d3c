/** Restricted rooms: who may join by being in another room, and who can vouch for it. */
import type { StateLookup } from '../../matrix/events.ts';
import { parseRoomId, type RoomId } from '../../matrix/ids.ts';
import { asObject, getArray, getString } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { joinRuleOf, membershipOf } from '../auth/context.ts';
import { powerLevelsOf } from '../auth/power-levels.ts';

/** Whether the join rule lets members of other rooms in, in this room version. */
export function isRestricted(state: StateLookup, rules: RoomVersionRules): boolean {
  const rule = joinRuleOf(state);
  return (
    (rule === 'restricted' && rules.allowsRestrictedJoins) ||
    (rule === 'knock_restricted' && rules.allowsKnockRestricted)
  );
}

/** The rooms whose members may join: the `m.room_membership` conditions of the join rules, each once. */
export function listAllowedRooms(state: StateLookup): RoomId[] {
  const rooms = new Set<RoomId>();
  for (const entry of getArray(state('m.room.join_rules', '')?.content, 'allow') ?? []) {
    const condition = asObject(entry);
    const roomId = getString(condition, 'room_id');
    const parsed = roomId === undefined ? undefined : parseRoomId(roomId);
    if (getString(condition, 'type') === 'm.room_membership' && parsed !== undefined) rooms.add(parsed);
  }
  return [...rooms];
}

/** Whether a user must be vouched for: the room is restricted, and they are neither in it nor invited. */
export function needsAuthoriser(state: StateLookup, userId: string, rules: RoomVersionRules): boolean {
  const membership = membershipOf(state, userId);
  return isRestricted(state, rules) && membership !== 'join' && membership !== 'invite';
}

/** The first of these users who is joined and may invite, so that a join can name them. */
export function findAuthoriser(
  state: StateLookup,
  localUsers: Iterable<string>,
  rules: RoomVersionRules,
): string | undefined {
  const levels = powerLevelsOf(state, rules);
  const needed = levels.level('invite');
  for (const user of localUsers) {
    if (membershipOf(state, user) === 'join' && levels.powerLevelOf(user) >= needed) return user;
  }
  return undefined;
}
