import type { EventFacts, LineNumber, StateReference, StoredEvent } from '../../ports/store/index.ts';
import { bytesOf, findBytes, findInteger, findText, integerOf, type Row, textOf } from '../database.ts';
import { eventIdOf } from '../event-id-code.ts';
import { statusOf } from './codes.ts';
import { eventIn, roomIn } from './columns.ts';

/** Columns of a stored event, from `events e` and `event_json j`. */
export const STORED_COLUMNS = `e.number, e.event_id, e.room, e.position, j.json, e.content_start, e.content_end,
  e.status, e.line, e.line_position, e.main_head, e.redacted_by`;
export const SELECT_STORED = `SELECT ${STORED_COLUMNS} FROM events e JOIN event_json j ON j.number = e.number`;

/** The state reference in two columns, absent where they are NULL. */
export function referenceOf(row: Row, line: string, position: string): StateReference | undefined {
  const number = findInteger(row, line);
  if (number === undefined) return undefined;
  return { line: number as LineNumber, position: integerOf(row, position) };
}

/** An event from a row of {@link STORED_COLUMNS}. */
export function storedEventOf(row: Row): StoredEvent {
  const redactedBy = findBytes(row, 'redacted_by');
  return {
    number: eventIn(row, 'number'),
    eventId: eventIdOf(bytesOf(row, 'event_id')),
    room: roomIn(row),
    position: integerOf(row, 'position'),
    json: textOf(row, 'json'),
    contentStart: integerOf(row, 'content_start'),
    contentEnd: integerOf(row, 'content_end'),
    status: statusOf(integerOf(row, 'status')),
    stateBefore: referenceOf(row, 'line', 'line_position'),
    mainHead: findInteger(row, 'main_head'),
    redactedBy: redactedBy === undefined ? undefined : eventIdOf(redactedBy),
  };
}

/** From the columns number, event_id, room, status, and the state key that it has, if any. */
export function factsOf(row: Row): EventFacts {
  const type = findText(row, 'type');
  return {
    number: eventIn(row, 'number'),
    eventId: eventIdOf(bytesOf(row, 'event_id')),
    room: roomIn(row),
    status: statusOf(integerOf(row, 'status')),
    statePair: type === undefined ? undefined : { type, stateKey: textOf(row, 'state_key') },
  };
}
