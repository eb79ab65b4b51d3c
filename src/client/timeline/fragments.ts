/**
 * Where events lie in the store: fragments are runs without holes, linked by gaps that `/messages`
 * fills (CLIENT.md §4.3). Every function works inside one transaction of the caller.
 */
import type { TableName, FragmentRecord, EventRecord } from '../store/records.ts';
import type { WriteTransaction } from '../store/store.ts';
import { relationOf } from '../events.ts';

export const FRAGMENT_TABLES = [
  'events',
  'eventIndex',
  'fragments',
  'relations',
  'undecrypted',
] as const satisfies readonly TableName[];

interface Place {
  readonly fragment: number;
  readonly position: number;
}

/** Session of an `m.room.encrypted` event that could not be read, for the day its key arrives. */
function sessionOf(event: EventRecord): string | undefined {
  const session = event.content['session_id'];
  return event.unreadable !== undefined && typeof session === 'string' ? session : undefined;
}

/** The sessions of those events that could not be read. */
export function unreadableSessions(events: readonly EventRecord[]): string[] {
  return [...new Set(events.map(sessionOf).filter((session) => session !== undefined))];
}

function putEvent(one: WriteTransaction, roomId: string, place: Place, event: EventRecord): void {
  one.put('events', [roomId, place.fragment, place.position], event);
  one.put('eventIndex', [roomId, event.eventId], place);
  const relation = relationOf(event);
  if (relation !== undefined && event.redacted !== true) {
    one.put('relations', [roomId, relation.targetId, relation.type, event.eventId], { sender: event.sender });
  }
  const sessionId = sessionOf(event);
  if (sessionId !== undefined) one.put('undecrypted', [roomId, sessionId, event.eventId], { sessionId });
}

export interface LiveChunk {
  readonly roomId: string;
  readonly liveFragment: number | undefined;
  readonly events: readonly EventRecord[];
  readonly limited: boolean;
  readonly prevBatch: string | undefined;
}

export interface Appended {
  readonly liveFragment: number;
  /** The events that were not known before, oldest first. */
  readonly fresh: readonly EventRecord[];
  /** A gap opened: the shown timeline starts anew at the end. */
  readonly gap: boolean;
}

async function findPlaces(one: WriteTransaction, chunk: LiveChunk): Promise<(Place | undefined)[]> {
  const places: (Place | undefined)[] = [];
  for (const event of chunk.events) places.push(await one.find('eventIndex', [chunk.roomId, event.eventId]));
  return places;
}

function startFragment(one: WriteTransaction, chunk: LiveChunk, fresh: readonly EventRecord[]): Appended {
  const fragment = chunk.liveFragment === undefined ? 0 : chunk.liveFragment + 1;
  for (const [position, event] of fresh.entries()) putEvent(one, chunk.roomId, { fragment, position }, event);
  const record: FragmentRecord = {
    first: 0,
    last: fresh.length - 1,
    ...(chunk.prevBatch === undefined ? {} : { backToken: chunk.prevBatch }),
  };
  one.put('fragments', [chunk.roomId, fragment], record);
  return { liveFragment: fragment, fresh, gap: chunk.liveFragment !== undefined };
}

/**
 * Adds what sync brought to the end of a room. Events already known are left where they are: what
 * comes before the first of them goes to the front of the fragment, what comes after to its end.
 */
export async function appendLive(one: WriteTransaction, chunk: LiveChunk): Promise<Appended | undefined> {
  if (chunk.events.length === 0 && chunk.liveFragment !== undefined) return undefined;
  const places = await findPlaces(one, chunk);
  const live = chunk.liveFragment;
  const record = live === undefined ? undefined : await one.find('fragments', [chunk.roomId, live]);
  const firstKnown = places.findIndex((place) => place?.fragment === live);
  const unknown = chunk.events.filter((_, at) => places[at] === undefined);
  if (live === undefined || record === undefined || (chunk.limited && firstKnown < 0)) {
    return startFragment(one, chunk, unknown);
  }
  let { first, last } = record;
  let backToken = record.backToken;
  const known = places[firstKnown];
  const older =
    firstKnown > 0 && known?.position === first ? unknown.filter((e) => chunk.events.indexOf(e) < firstKnown) : [];
  for (const event of older.toReversed()) putEvent(one, chunk.roomId, { fragment: live, position: --first }, event);
  if (older.length > 0 && record.previous === undefined) backToken = chunk.prevBatch;
  const newer = firstKnown < 0 ? unknown : unknown.filter((e) => chunk.events.indexOf(e) > firstKnown);
  for (const event of newer) putEvent(one, chunk.roomId, { fragment: live, position: ++last }, event);
  one.put('fragments', [chunk.roomId, live], {
    first,
    last,
    ...(record.previous === undefined ? {} : { previous: record.previous }),
    ...(backToken === undefined ? {} : { backToken }),
  });
  return { liveFragment: live, fresh: [...older, ...newer], gap: false };
}

export interface OlderChunk {
  readonly roomId: string;
  readonly fragment: number;
  /** As `/messages` gives them: newest first. */
  readonly events: readonly EventRecord[];
  /** Where the next page begins; `undefined` at the room's beginning. */
  readonly end: string | undefined;
}

interface Cursor {
  readonly fragment: number;
  readonly record: FragmentRecord;
  readonly first: number;
  /** Everything of the fragment has been passed: what comes next lies before it. */
  readonly isAtFront: boolean;
}

function saveCursor(one: WriteTransaction, roomId: string, cursor: Cursor, link: Partial<FragmentRecord>): void {
  one.put('fragments', [roomId, cursor.fragment], { first: cursor.first, last: cursor.record.last, ...link });
}

/**
 * Puts a page of older events before a fragment. Where the page meets an older fragment the gap between
 * the two is closed, and the page goes on before that one.
 */
export async function prependOlder(one: WriteTransaction, chunk: OlderChunk): Promise<void> {
  const { roomId } = chunk;
  const record = await one.find('fragments', [roomId, chunk.fragment]);
  if (record === undefined) return;
  let cursor: Cursor = { fragment: chunk.fragment, record, first: record.first, isAtFront: true };
  for (const event of chunk.events) {
    const place = await one.find('eventIndex', [roomId, event.eventId]);
    if (place === undefined) {
      // A fragment has no holes: an unknown event amid known ones is the server's reordering, and is left out.
      if (!cursor.isAtFront) continue;
      cursor = { ...cursor, first: cursor.first - 1 };
      putEvent(one, roomId, { fragment: cursor.fragment, position: cursor.first }, event);
    } else if (place.fragment === cursor.fragment) {
      cursor = { ...cursor, isAtFront: place.position <= cursor.first };
    } else {
      saveCursor(one, roomId, cursor, { previous: place.fragment });
      const older = await one.find('fragments', [roomId, place.fragment]);
      if (older === undefined) return;
      const isAtFront = place.position <= older.first;
      cursor = { fragment: place.fragment, record: older, first: older.first, isAtFront };
    }
  }
  if (cursor.record.previous !== undefined) saveCursor(one, roomId, cursor, { previous: cursor.record.previous });
  else if (cursor.isAtFront) saveCursor(one, roomId, cursor, chunk.end === undefined ? {} : { backToken: chunk.end });
}

/** Finds an event by its id. */
export async function findEvent(
  one: Pick<WriteTransaction, 'find'>,
  roomId: string,
  eventId: string,
): Promise<EventRecord | undefined> {
  const place = await one.find('eventIndex', [roomId, eventId]);
  return place === undefined ? undefined : one.find('events', [roomId, place.fragment, place.position]);
}

/** Replaces an event where it lies; false when it is not known. */
export async function replaceEvent(one: WriteTransaction, roomId: string, event: EventRecord): Promise<boolean> {
  const place = await one.find('eventIndex', [roomId, event.eventId]);
  if (place === undefined) return false;
  one.put('events', [roomId, place.fragment, place.position], event);
  return true;
}

/** Takes the content of an event back, as `m.room.redaction` asks; what hung on it goes too. */
export async function applyRedaction(one: WriteTransaction, roomId: string, eventId: string): Promise<boolean> {
  const event = await findEvent(one, roomId, eventId);
  if (event === undefined || event.redacted === true) return false;
  const relation = relationOf(event);
  if (relation !== undefined) one.remove('relations', [roomId, relation.targetId, relation.type, eventId]);
  const { sealed: _sealed, unreadable: _unreadable, ...rest } = event;
  return replaceEvent(one, roomId, { ...rest, content: {}, redacted: true });
}
