/** What the store has for a destination behind its cursor. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { OutboundEventRow, OutboundRoomRow, RoomServerRow, Store } from '../../../ports/store/index.ts';
import type { PlannedEvent } from './batch.ts';
import type { Place } from './place.ts';
import { PDUS_MAX } from './transaction.ts';

/** So many rows are looked through for the exact events; behind more, each room is caught up by its newest event. */
const ROWS_MAX = 500;
/** Of a room whose newest event of ours has been overtaken, so many forward extremities are sent. */
const EXTREMITIES_MAX = 10;

export interface Stretch {
  readonly server: ServerName;
  readonly after: Place;
  readonly upTo: Place;
  /** Outbound events up to here are no longer stored one by one. */
  readonly floor: Place;
}

export interface PlannedStretch {
  readonly events: readonly PlannedEvent[];
  /** Everything up to here is in `events`, or is not for the server, or is overtaken by one of them. */
  readonly end: Place;
}

/** Whether an event is for a server: while it was in the room, or because the event names it. */
function isFor(row: OutboundEventRow, server: ServerName, stays: readonly RoomServerRow[]): boolean {
  if (row.also === server) return true;
  return stays.some(
    (stay) =>
      stay.room === row.room &&
      row.position > stay.joinedPosition &&
      (stay.leftPosition === undefined || row.position <= stay.leftPosition),
  );
}

/** Plans what a destination gets of a stretch of the stream: at most some fifty entries, the oldest first. */
export async function planStretch(store: Store, stretch: Stretch): Promise<PlannedStretch> {
  const { server, after, upTo, floor } = stretch;
  if (upTo <= after) return { events: [], end: after };
  if (after >= floor) {
    const rows = await store.federation.listOutboundEvents(after, upTo, ROWS_MAX);
    if (rows.length < ROWS_MAX) {
      const stays = rows.length === 0 ? [] : await store.federation.listRoomsOfServer(server, after);
      const mine = rows.filter((row) => isFor(row, server, stays));
      if (mine.length <= PDUS_MAX) return { events: mine.map(asItself), end: upTo };
    }
  }
  return planCatchUp(store, stretch);
}

function asItself({ position, event }: OutboundEventRow | OutboundRoomRow): PlannedEvent {
  return { position, events: [event] };
}

/**
 * Far behind, a destination gets of each room its newest event alone and fetches what lies between; of rooms that it
 * is not in, the events that name it.
 */
async function planCatchUp(store: Store, { server, after, upTo }: Stretch): Promise<PlannedStretch> {
  const rooms = await store.federation.listOutboundRooms(server, after, PDUS_MAX);
  const naming = await store.federation.listOutboundEventsNaming(server, after, PDUS_MAX);
  // A list that is full may go on behind its last row.
  const ends = [rooms, naming].map((list) => (list.length < PDUS_MAX ? upTo : (list.at(-1)?.position ?? upTo)));
  const end = ends.reduce((least, one) => (one < least ? one : least), upTo);
  const newest = rooms.filter((row) => row.position <= end);
  const known = new Set(newest.map((row) => row.position));
  const named = naming.filter((row) => row.position <= end && !known.has(row.position));
  const events = [...(await Promise.all(newest.map((row) => orOvertaking(store, row)))), ...named.map(asItself)];
  return { events: events.sort((left, right) => left.position - right.position), end };
}

/** The room's newest event of ours, or the forward extremities that have overtaken it. */
async function orOvertaking(store: Store, row: OutboundRoomRow): Promise<PlannedEvent> {
  const extremities = await store.events.getForwardExtremities(row.room);
  const isNewest = extremities.length === 0 || extremities.some((one) => one.number === row.event);
  if (isNewest) return asItself(row);
  const deepest = extremities.toSorted((left, right) => right.depth - left.depth).slice(0, EXTREMITIES_MAX);
  return { position: row.position, events: deepest.map((one) => one.number) };
}
