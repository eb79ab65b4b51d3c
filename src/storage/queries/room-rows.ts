import type { RoomId, UserId } from '../../matrix/ids.ts';
import type {
  EventNumber,
  LineNumber,
  MemberRow,
  MembershipRecord,
  RoomNumber,
  RoomRecord,
  StateEntry,
  StateLine,
} from '../../ports/store/index.ts';
import { findText, flagOf, integerOf, type Row, textOf } from '../database.ts';
import { membershipOf } from './codes.ts';
import { referenceOf } from './event-rows.ts';

export const ROOM_COLUMNS = `r.number, r.room_id, r.version, r.main_line, r.main_head, r.joined_count, r.invited_count,
  r.last_position, r.last_depth, r.published`;
export const MEMBERSHIP_COLUMNS = `m.user_id, m.room, r.room_id, m.membership, m.event, m.position, m.sender,
  m.forgotten, m.stripped_state`;

/** A room from a row of {@link ROOM_COLUMNS}. */
export function roomOf(row: Row): RoomRecord {
  return {
    number: integerOf(row, 'number') as RoomNumber,
    roomId: textOf(row, 'room_id') as RoomId,
    version: textOf(row, 'version'),
    mainLine: integerOf(row, 'main_line') as LineNumber,
    mainHead: integerOf(row, 'main_head'),
    joinedCount: integerOf(row, 'joined_count'),
    invitedCount: integerOf(row, 'invited_count'),
    lastPosition: integerOf(row, 'last_position'),
    lastDepth: integerOf(row, 'last_depth'),
    published: flagOf(row, 'published'),
  };
}

/** A membership from a row of {@link MEMBERSHIP_COLUMNS}. */
export function membershipRecordOf(row: Row): MembershipRecord {
  return {
    user: textOf(row, 'user_id') as UserId,
    room: integerOf(row, 'room') as RoomNumber,
    roomId: textOf(row, 'room_id') as RoomId,
    membership: membershipOf(integerOf(row, 'membership')),
    event: integerOf(row, 'event') as EventNumber,
    position: integerOf(row, 'position'),
    sender: textOf(row, 'sender') as UserId,
    forgotten: flagOf(row, 'forgotten'),
    strippedState: findText(row, 'stripped_state'),
  };
}

/** A member from the columns `state_key`, `membership` and `event`. */
export function memberOf(row: Row): MemberRow {
  return {
    user: textOf(row, 'state_key') as UserId,
    membership: membershipOf(integerOf(row, 'membership')),
    event: integerOf(row, 'event') as EventNumber,
  };
}

/** An entry of a state from the columns `type`, `state_key` and `event`. */
export function entryOf(row: Row): StateEntry {
  return {
    type: textOf(row, 'type'),
    stateKey: textOf(row, 'state_key'),
    event: integerOf(row, 'event') as EventNumber,
  };
}

/** A line from its row. */
export function lineOf(row: Row): StateLine {
  return {
    line: integerOf(row, 'line') as LineNumber,
    room: integerOf(row, 'room') as RoomNumber,
    parent: referenceOf(row, 'parent_line', 'parent_position'),
    head: integerOf(row, 'head'),
  };
}
