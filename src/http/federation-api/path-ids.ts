/** Ids in paths, queries and bodies of other servers. */
import { MatrixError } from '../../matrix/errors.ts';
import { type EventId, parseEventId, parseRoomId, parseUserId, type RoomId, type UserId } from '../../matrix/ids.ts';

/** Throws `M_INVALID_PARAM`. */
export function requireRoomId(text: string | undefined): RoomId {
  const room = parseRoomId(text ?? '');
  if (room === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no room id');
  return room;
}

/** Throws `M_INVALID_PARAM`. */
export function requireUserId(text: string | undefined): UserId {
  const user = parseUserId(text ?? '');
  if (user === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no user id');
  return user;
}

/** What is no event id names no event: throws `M_NOT_FOUND`. */
export function requireEventId(text: string | undefined): EventId {
  const event = parseEventId(text ?? '');
  if (event === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such event');
  return event;
}

/** The event ids among some texts. */
export function eventIdsOf(texts: readonly string[]): EventId[] {
  return texts.flatMap((text) => parseEventId(text) ?? []);
}
