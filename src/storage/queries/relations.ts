import { present } from '../../lib/assert.ts';
import type { EventId, UserId } from '../../matrix/ids.ts';
import type { EventNumber, RelationsRequest, RoomNumber, StoredEvent } from '../../ports/store/index.ts';
import { bytesOf, type Database, integerOf, type Row } from '../database.ts';
import { eventIdBytes, eventIdOf } from '../event-id-code.ts';
import { STORED_COLUMNS } from './event-rows.ts';

const FROM_RELATIONS = `SELECT ${STORED_COLUMNS} FROM event_relations r JOIN events e ON e.number = r.child
  JOIN event_json j ON j.number = r.child WHERE r.room = ? AND r.parent = ?`;

/** Every text of a page of relations, by the choices of its request. */
const RELATIONS_TEXTS: ReadonlyMap<string, string> = new Map(
  ['backwards', 'forwards'].flatMap((direction) =>
    [false, true].flatMap((byRelType) =>
      [false, true].map((byType): [string, string] => [
        `${direction} ${byRelType} ${byType}`,
        [
          FROM_RELATIONS,
          direction === 'backwards'
            ? 'AND r.position < ? AND r.position >= ?'
            : 'AND r.position > ? AND r.position <= ?',
          byRelType ? 'AND r.rel_type = ?' : '',
          byType ? 'AND r.type = ?' : '',
          direction === 'backwards' ? 'ORDER BY r.position DESC, r.child DESC' : 'ORDER BY r.position, r.child',
          'LIMIT ?',
        ].join(' '),
      ]),
    ),
  ),
);

/** Parameters: room, parent, from, to, the relation type and the event type where chosen, limit. */
export function relationsText(request: RelationsRequest): string {
  const key = `${request.direction} ${request.relType !== undefined} ${request.type !== undefined}`;
  return present(RELATIONS_TEXTS.get(key), 'every choice has its text');
}

const REPLACEMENTS = `SELECT r.parent, r.sender, r.type, c.number, c.event_id, c.origin_server_ts
  FROM event_relations r JOIN events c ON c.number = r.child
  WHERE r.room = ? AND r.parent IN @blobs AND r.rel_type = 'm.replace'`;

/** What a replacement has to have in common with the event it replaces. */
interface Replaceable {
  readonly sender: unknown;
  readonly type: unknown;
}

function compareReplacements(left: Row, right: Row): number {
  const byTime = integerOf(left, 'origin_server_ts') - integerOf(right, 'origin_server_ts');
  if (byTime !== 0) return byTime;
  const [a, b] = [idIn(left, 'event_id'), idIn(right, 'event_id')];
  return a < b ? -1 : Number(a > b);
}

/**
 * "the most recent replacement event … should be determined by origin_server_ts. If both have the same, the one with
 * the lexicographically largest event ID": the number of that event by parent. "The original event and replacement
 * event must have the same sender" and "the same type".
 */
export async function readReplacements(
  database: Database,
  room: RoomNumber,
  parents: readonly StoredEvent[],
): Promise<Map<EventId, EventNumber>> {
  const ids = parents.map((parent) => eventIdBytes(parent.eventId));
  const rows = await database.all(REPLACEMENTS, room, ids);
  const originals = new Map(parents.map((parent) => [parent.eventId, JSON.parse(parent.json) as Replaceable]));
  const latest = new Map<EventId, Row>();
  for (const row of rows) {
    const parent = idIn(row, 'parent');
    const original = originals.get(parent);
    if (original?.sender !== row['sender'] || original?.type !== row['type']) continue;
    const before = latest.get(parent);
    if (before === undefined || compareReplacements(before, row) < 0) latest.set(parent, row);
  }
  return new Map([...latest].map(([parent, row]) => [parent, numberIn(row, 'number')]));
}

const THREADS = `SELECT g.parent, g.total, g.mine, (SELECT r.child FROM event_relations r
    WHERE r.room = ? AND r.parent = g.parent AND r.rel_type = 'm.thread'
    ORDER BY r.position DESC, r.child DESC LIMIT 1) AS child
  FROM (SELECT parent, count(*) AS total, max(CASE WHEN sender = ? THEN 1 ELSE 0 END) AS mine FROM event_relations
    WHERE room = ? AND parent IN @blobs AND rel_type = 'm.thread' GROUP BY parent) g`;

/** Count of replies, the newest of them and whether `viewer` wrote one, by root. */
export async function readThreadSummaries(
  database: Database,
  room: RoomNumber,
  { roots, viewer }: { roots: readonly EventId[]; viewer: UserId },
): Promise<Map<EventId, { count: number; latest: EventNumber; participated: boolean }>> {
  const rows = await database.all(THREADS, room, viewer, room, roots.map(eventIdBytes));
  return new Map(
    rows.map((row) => [
      idIn(row, 'parent'),
      { count: integerOf(row, 'total'), latest: numberIn(row, 'child'), participated: integerOf(row, 'mine') === 1 },
    ]),
  );
}

const ROOTS = `SELECT r.parent, r.position FROM event_relations r
  WHERE r.room = ? AND r.rel_type = 'm.thread' AND r.position < ?
  AND NOT EXISTS (SELECT 1 FROM event_relations n WHERE n.room = r.room AND n.parent = r.parent
    AND n.rel_type = 'm.thread' AND (n.position > r.position OR (n.position = r.position AND n.child > r.child)))`;
const ROOTS_PAGE = `${ROOTS} ORDER BY r.position DESC LIMIT ?`;
const ROOTS_OF_PARTICIPANT_PAGE = `${ROOTS} AND (EXISTS (SELECT 1 FROM event_relations m WHERE m.room = r.room
    AND m.parent = r.parent AND m.rel_type = 'm.thread' AND m.sender = ?)
  OR EXISTS (SELECT 1 FROM events e JOIN event_json j ON j.number = e.number
    WHERE e.event_id = r.parent AND @member(j.json, sender) = ?)) ORDER BY r.position DESC LIMIT ?`;

/** Thread roots, the one with the newest reply first. */
export async function pageThreadRoots(
  database: Database,
  room: RoomNumber,
  options: { from?: number; limit: number; participant?: UserId },
): Promise<{ root: EventId; latestPosition: number }[]> {
  const from = options.from ?? Number.MAX_SAFE_INTEGER;
  const { participant, limit } = options;
  const rows =
    participant === undefined
      ? await database.all(ROOTS_PAGE, room, from, limit)
      : await database.all(ROOTS_OF_PARTICIPANT_PAGE, room, from, participant, participant, limit);
  return rows.map((row) => ({ root: idIn(row, 'parent'), latestPosition: integerOf(row, 'position') }));
}

function idIn(row: Row, column: string): EventId {
  return eventIdOf(bytesOf(row, column));
}

function numberIn(row: Row, column: string): EventNumber {
  return integerOf(row, column) as EventNumber;
}
