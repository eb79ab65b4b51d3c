/**
 * Fetching what a room was before this server knew it: events behind the edge of what is here get places below zero,
 * the older the lower, with the state that other servers tell for them. The present of the room is not touched.
 */
import type { EventId } from '../../../matrix/ids.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import type { Room, RoomEvent } from '../../rooms/index.ts';
import { appendJudged } from './append.ts';
import { storeGroundwork } from './foundations.ts';
import { type Batch, gatherHistory, type GatherOptions } from './gather.ts';
import type { AppendTools } from './judged-event.ts';
import { Beforehand, judgeIncoming } from './state-before.ts';

/** Events asked for at once. */
const CHUNK = 50;
/** Edges that are asked about at once: a room with many of them is fetched bit by bit. */
const EDGES_MAX = 5;

/** Asks for the events before the edge; what came with what it needs, or nothing. */
export async function fetchHistory(options: GatherOptions): Promise<(Batch & { edges: EventId[] }) | undefined> {
  const { room, source, tools } = options;
  const edges = chooseEdges(await tools.context.store.federation.listBackwardExtremities(room.number), room);
  if (edges.length === 0) return undefined;
  const elements = await source.backfill(room.roomId, edges, CHUNK);
  const batch = await gatherHistory(elements, options);
  return batch.events.length === 0 ? undefined : { ...batch, edges };
}

/** Edges that were asked about in vain since the room was loaded. */
const inVain = new WeakMap<Room, Set<EventId>>();

/** The newest edges: that is where somebody is reading. Those that nobody could tell of come after all others. */
function chooseEdges(known: readonly { eventId: EventId; depth: number }[], room: Room): EventId[] {
  const tried = inVain.get(room) ?? new Set<EventId>();
  inVain.set(room, tried);
  const edges = known
    .toSorted((a, b) => Number(tried.has(a.eventId)) - Number(tried.has(b.eventId)) || b.depth - a.depth)
    .slice(0, EDGES_MAX)
    .map(({ eventId }) => eventId);
  // What is reached is no edge any more.
  for (const edge of edges) tried.add(edge);
  if (tried.size >= known.length + EDGES_MAX) inVain.delete(room);
  return edges;
}

/** Gives history its place. True where there is more to read than before. */
export async function storeHistory(batch: Batch & { edges: EventId[] }, tools: AppendTools): Promise<boolean> {
  const { context, room } = tools;
  const beforehand = await Beforehand.lookUp(batch.events, tools);
  const written: RoomEvent[] = [];
  // From the oldest on: each is judged by the state that those before it made.
  let position = (await lowestPosition(room.number, tools)) - batch.events.length;
  for (const incoming of batch.events) {
    const groundwork = batch.groundwork.get(incoming.pdu.eventId);
    if (groundwork !== undefined) await storeGroundwork(groundwork, tools);
    const told = batch.told.get(incoming.pdu.eventId);
    const judged = await judgeIncoming(incoming, tools, { beforehand, isHistory: true, told });
    if (judged !== undefined) {
      const { durable } = await appendJudged({ ...judged, historyPosition: position }, tools);
      written.push(await durable);
    }
    position += 1;
  }
  await storeGroundwork(batch.rest, tools);
  const here = new Set<EventId>(written.map(({ eventId }) => eventId));
  const reached = batch.edges.filter((id) => here.has(id));
  await context.store.transact((transaction) => {
    transaction.federation.removeBackwardExtremities(room.number, reached);
  });
  return written.length > 0;
}

async function lowestPosition(room: RoomNumber, { context }: AppendTools): Promise<number> {
  const [oldest] = await context.store.events.pageTimeline({
    room,
    from: Number.MIN_SAFE_INTEGER,
    direction: 'forwards',
    limit: 1,
  });
  return Math.min(oldest?.position ?? 0, 0);
}
