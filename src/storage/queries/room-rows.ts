import type { MemberRow, MembershipRecord, RoomRecord, StateEntry, StateLine } from '../../ports/store/index.ts';
import { findText, flagOf, integerOf, type Row, textOf } from '../database.ts';
import { membershipOf } from './codes.ts';
import { eventIn, lineIn, roomIdIn, roomIn, userIn } from './columns.ts';
import { referenceOf } from './event-rows.ts';

export const ROOM_COLUMNS = `r.number, r.room_id, r.version, r.main_line, r.main_head, r.joined_count, r.invited_count,
  r.last_position, r.last_depth, r.published, r.completed_position, r.completed_head`;
export const MEMBERSHIP_COLUMNS = `m.user_id, m.room, r.room_id, m.membership, m.event, m.position, m.sender,
  m.forgotten, m.stripped_state`;

/** A room from a row of {@link ROOM_COLUMNS}. */
export function roomOf(row: Row): RoomRecord {
  return {
    number: roomIn(row, 'number'),
    roomId: roomIdIn(row),
    version: textOf(row, 'version'),
    mainLine: lineIn(row, 'main_line'),
    mainHead: integerOf(row, 'main_head'),
    joinedCount: integerOf(row, 'joined_count'),
    invitedCount: integerOf(row, 'invited_count'),
    lastPosition: integerOf(row, 'last_position'),
    lastDepth: integerOf(row, 'last_depth'),
    published: flagOf(row, 'published'),
    completedPosition: integerOf(row, 'completed_position'),
    completedHead: integerOf(row, 'completed_head'),
  };
}

/** A membership from a row of {@link MEMBERSHIP_COLUMNS}. */
export function membershipRecordOf(row: Row): MembershipRecord {
  return {
    user: userIn(row),
    room: roomIn(row),
    roomId: roomIdIn(row),
    membership: membershipOf(integerOf(row, 'membership')),
    event: eventIn(row),
    position: integerOf(row, 'position'),
    sender: userIn(row, 'sender'),
    forgotten: flagOf(row, 'forgotten'),
    strippedState: findText(row, 'stripped_state'),
  };
}

/** A member from the columns `state_key`, `membership` and `event`. */
export function memberOf(row: Row): MemberRow {
  return {
    user: userIn(row, 'state_key'),
    membership: membershipOf(integerOf(row, 'membership')),
    event: eventIn(row),
  };
}

/** An entry of a state from the columns `type`, `state_key` and `event`. */
export function entryOf(row: Row): StateEntry {
  return {
    type: textOf(row, 'type'),
    stateKey: textOf(row, 'state_key'),
    event: eventIn(row),
  };
}

/** A line from its row. */
export function lineOf(row: Row): StateLine {
  return {
    line: lineIn(row),
    room: roomIn(row),
    parent: referenceOf(row, 'parent_line', 'parent_position'),
    head: integerOf(row, 'head'),
  };
}
