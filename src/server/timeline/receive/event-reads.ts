/** Reads of events in which one that is not stored yet already stands. */
import type { EventId } from '../../../matrix/ids.ts';
import type { EventNumber } from '../../../ports/store/index.ts';
import type { EventCache, RoomEvent } from '../../rooms/index.ts';

export type EventReads = Pick<EventCache, 'get' | 'getByNumber'>;

/** The same reads with one more event. */
export function withEvent(events: EventReads, event: RoomEvent): EventReads {
  return {
    async get(ids: readonly EventId[]) {
      const found = await events.get(ids.filter((id) => id !== event.eventId));
      return ids.includes(event.eventId) ? [...found, event] : found;
    },
    async getByNumber(numbers: readonly EventNumber[]) {
      const found = await events.getByNumber(numbers.filter((number) => number !== event.number));
      return numbers.includes(event.number) ? [...found, event] : found;
    },
  };
}
