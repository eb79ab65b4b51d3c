/** Rule 1: "If type is `m.room.create`". */
import type { Pdu } from '../../matrix/events.ts';
import { parseUserId, serverOf } from '../../matrix/ids.ts';
import { getValue, hasKey } from '../../matrix/json.ts';
import { findRoomVersion, type RoomVersionRules } from '../../matrix/room-versions.ts';
import { ACCEPT, type AuthVerdict, reject } from '../verdict.ts';

function hasGoodAdditionalCreators(event: Pdu): boolean {
  const additional = getValue(event.content, 'additional_creators');
  if (additional === undefined) return true;
  return (
    Array.isArray(additional) && additional.every((user) => typeof user === 'string' && parseUserId(user) !== undefined)
  );
}

/** Judges a create event: needs no state. */
export function checkCreate(event: Pdu, rules: RoomVersionRules): AuthVerdict {
  // "If it has any `prev_events`, reject."
  if (event.prevEvents.length > 0) return reject('create.prev_events', 'the create event follows other events');
  if (rules.roomIdIsCreateHash) {
    // "If the event has a `room_id`, reject."
    if (hasKey(event.json, 'room_id')) return reject('create.room_id', 'the create event names a room');
  } else if (serverOf(event.roomId) === undefined || serverOf(event.roomId) !== serverOf(event.sender)) {
    // "If the domain of the `room_id` does not match the domain of the `sender`, reject."
    return reject('create.room_id_domain', 'the room id is of another server than the sender');
  }
  // "If `content.room_version` is present and is not a recognised version, reject."
  const version = getValue(event.content, 'room_version');
  if (version !== undefined && (typeof version !== 'string' || findRoomVersion(version) === undefined)) {
    return reject('create.room_version', 'unknown room version');
  }
  // "If `content` has no `creator` property, reject."
  if (rules.creator === 'content' && !hasKey(event.content, 'creator')) {
    return reject('create.creator', 'content has no creator');
  }
  // "If `additional_creators` is present in `content` and is not an array of strings where each string passes the
  // same user ID validation applied to `sender`, reject."
  if (rules.creator === 'sender and additional' && !hasGoodAdditionalCreators(event)) {
    return reject('create.additional_creators', 'additional_creators is no list of user ids');
  }
  return ACCEPT;
}
