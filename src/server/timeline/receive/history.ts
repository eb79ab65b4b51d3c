/**
 * Fetching what a room was before this server knew it: events behind the edge of what is here get places below zero,
 * the older the lower, with the state that other servers tell for them. The present of the room is not touched.
 */
import type { EventId } from '../../../matrix/ids.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import type { RoomEvent } from '../../rooms/index.ts';
import { appendJudged } from './append.ts';
import { storeFoundations } from './foundations.ts';
import { type Batch, gatherHistory, type GatherOptions } from './gather.ts';
import type { AppendTools } from './judged-event.ts';
import { storeOutliers } from './outliers.ts';
import { judgeIncoming } from './state-before.ts';

/** Events asked for at once. */
const CHUNK = 50;
/** Edges that are asked about at once: a room with many of them is fetched bit by bit. */
const EDGES_MAX = 5;

/** Asks for the events before the edge; what came with what it needs, or nothing. */
export async function fetchHistory(options: GatherOptions): Promise<(Batch & { edges: EventId[] }) | undefined> {
  const { room, source, tools } = options;
  const known = await tools.context.store.federation.listBackwardExtremities(room.number);
  // The newest edge first: that is where somebody is reading.
  const edges = known
    .toSorted((a, b) => b.depth - a.depth)
    .slice(0, EDGES_MAX)
    .map(({ eventId }) => eventId);
  if (edges.length === 0) return undefined;
  const elements = await source.backfill(room.roomId, edges, CHUNK);
  const batch = await gatherHistory(elements, options);
  return batch.events.length === 0 ? undefined : { ...batch, edges };
}

/** Gives history its place. True where there is more to read than before. */
export async function storeHistory(batch: Batch & { edges: EventId[] }, tools: AppendTools): Promise<boolean> {
  const { context, room } = tools;
  await storeOutliers(batch.outliers, tools);
  await storeFoundations(batch.foundations, tools);
  const written: RoomEvent[] = [];
  // From the oldest on: each is judged by the state that those before it made.
  let position = (await lowestPosition(room.number, tools)) - batch.events.length;
  for (const incoming of batch.events) {
    const judged = await judgeIncoming(incoming, tools, { isHistory: true });
    if (judged !== undefined) {
      const { durable } = await appendJudged({ ...judged, historyPosition: position }, tools);
      written.push(await durable);
    }
    position += 1;
  }
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
