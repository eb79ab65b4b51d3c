/**
 * Giving a place to an event whose past nobody could give: the state before it is written out in full, as another
 * server told it, so that what follows it can be judged. It stays outside the timeline.
 */
import { type StateKey, stateKeyOfEvent } from '../../../matrix/events.ts';
import type { RoomEvent } from '../../rooms/index.ts';
import type { AppendTools } from './judged-event.ts';
import type { Foundation, Groundwork } from './gather.ts';
import { storeOutliers } from './outliers.ts';

/** Stores events without a place; then writes the states that were fetched, and places what they stand before. */
export async function storeGroundwork({ outliers, foundations }: Groundwork, tools: AppendTools): Promise<void> {
  await storeOutliers(outliers, tools);
  // What a state holds may be on its way to the disk.
  if (foundations.length > 0) await tools.room.settled;
  for (const foundation of foundations) await storeFoundation(foundation, tools);
}

async function storeFoundation({ eventId, state }: Foundation, tools: AppendTools): Promise<void> {
  const { context, room, rooms, lines } = tools;
  const { events } = rooms;
  const event = await events.find(eventId);
  // It has come by another way meanwhile.
  if (event === undefined || event.stateBefore !== undefined || event.room !== room.number) return;
  // What is rejected has its place, too, since others follow it; but it changes no state.
  const isRejected = event.status === 'rejected';
  const entries = new Map<StateKey, RoomEvent>();
  for (const one of await events.get(state)) {
    const key = stateKeyOfEvent(one.pdu);
    if (key !== undefined && one.room === room.number && one.status !== 'rejected') entries.set(key, one);
  }
  const line = context.store.allocateLine();
  const own = isRejected ? undefined : stateKeyOfEvent(event.pdu);
  await context.store.transact((transaction) => {
    transaction.rooms.openLine({ line, room: room.number, parent: undefined, head: 0 });
    transaction.rooms.appendState(line, 0, [...entries.values()].map(entryOf));
    if (own !== undefined) transaction.rooms.appendState(line, 1, [entryOf(event)]);
    const { number } = event;
    const place = { number, eventId, room: room.number, position: 0, stateBefore: { line, position: 0 } };
    if (isRejected) transaction.events.rejudge({ ...place, status: 'rejected', rejectedWhy: 'step 5' });
    else transaction.events.adopt({ ...place, status: 'outlier' });
    transaction.federation.addBackwardExtremity(room.number, eventId, event.pdu.depth);
  });
  lines.open({ line, parent: undefined, head: own === undefined ? 0 : 1 });
  events.put(event.placedAt({ line, position: 0 }, 0));
}

function entryOf({ pdu, number }: RoomEvent) {
  return { type: pdu.type, stateKey: pdu.stateKey ?? '', event: number };
}
