/** Columns that hold names and numbers of things, which were parsed before they were written. */
import type { DeviceId, RoomId, ServerName, UserId } from '../../matrix/ids.ts';
import type { EventNumber, LineNumber, RoomNumber, StreamPosition } from '../../ports/store/index.ts';
import { integerOf, type Row, textOf } from '../database.ts';

/** The user id in a column. */
export function userIn(row: Row, column = 'user_id'): UserId {
  return textOf(row, column) as UserId;
}

/** The device id in a column. */
export function deviceIn(row: Row, column = 'device'): DeviceId {
  return textOf(row, column) as DeviceId;
}

/** The room id in a column. */
export function roomIdIn(row: Row, column = 'room_id'): RoomId {
  return textOf(row, column) as RoomId;
}

/** The server name in a column. */
export function serverIn(row: Row, column = 'server'): ServerName {
  return textOf(row, column) as ServerName;
}

/** The number of a room in a column. */
export function roomIn(row: Row, column = 'room'): RoomNumber {
  return integerOf(row, column) as RoomNumber;
}

/** The number of an event in a column. */
export function eventIn(row: Row, column = 'event'): EventNumber {
  return integerOf(row, column) as EventNumber;
}

/** The number of a line of state in a column. */
export function lineIn(row: Row, column = 'line'): LineNumber {
  return integerOf(row, column) as LineNumber;
}

/** The stream position in a column. */
export function positionIn(row: Row, column = 'position'): StreamPosition {
  return integerOf(row, column) as StreamPosition;
}
