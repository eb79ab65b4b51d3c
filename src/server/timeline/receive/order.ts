/** Ordering a set of events so that each stands behind those of the set that it refers to. */
import { createEventIdOf, type Pdu } from '../../../matrix/events.ts';
import type { EventId } from '../../../matrix/ids.ts';
import type { RoomVersionRules } from '../../../matrix/room-versions.ts';

/**
 * Sorts without recursion, however long the chains are. A cycle, which the assigned ids of room versions 1 and 2
 * allow, is cut somewhere: what it holds is judged by what is there then.
 */
export function sortByFoundation<T>(
  items: ReadonlyMap<EventId, T>,
  foundationsOf: (item: T) => readonly EventId[],
): T[] {
  const sorted: T[] = [];
  const begun = new Set<EventId>();
  const visit = (id: EventId, isReady: boolean): { id: EventId; isReady: boolean }[] => {
    const item = items.get(id);
    if (item === undefined) return [];
    if (isReady) sorted.push(item);
    if (isReady || begun.has(id)) return [];
    begun.add(id);
    const below = foundationsOf(item).filter((one) => !begun.has(one));
    return [{ id, isReady: true }, ...below.map((one) => ({ id: one, isReady: false }))];
  };
  for (const start of items.keys()) {
    const stack = [{ id: start, isReady: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) stack.push(...visit(top.id, top.isReady));
  }
  return sorted;
}

/** What an event stands on: its auth events, and the create event where the room id stands for it. */
export function foundationsOf(pdu: Pdu, rules: RoomVersionRules): readonly EventId[] {
  if (!rules.roomIdIsCreateHash || pdu.type === 'm.room.create') return pdu.authEvents;
  return [createEventIdOf(pdu.roomId), ...pdu.authEvents];
}
