/**
 * The auth graph of one room as far as resolutions have asked for it: events enter the chain cover together with their
 * auth chains, so that an auth difference is exact for whatever has entered.
 */
import { stateKeyOfEvent } from '../../../matrix/events.ts';
import type { EventId } from '../../../matrix/ids.ts';
import { ChainCover } from '../../../rules/auth-chain/chain-cover.ts';
import type { RoomEvent } from '../../rooms/index.ts';
import type { EventReads } from './event-reads.ts';
import { sortByFoundation } from './order.ts';
import { eventsOf, type Place, type Places } from './places.ts';

export class AuthCover {
  readonly chains = new ChainCover<EventId>();
  /** A state whose events are all here. */
  #whole: Place | undefined;

  /** Takes events in, with everything that they stand on. */
  async include(ids: Iterable<EventId>, events: EventReads): Promise<void> {
    const found = await this.#collect(ids, events);
    for (const event of sortByFoundation(found, ({ pdu }) => pdu.authEvents)) {
      const authEvents = [...new Set(event.pdu.authEvents)].filter((id) => this.chains.find(id) !== undefined);
      const key = stateKeyOfEvent(event.pdu);
      const predecessor = authEvents.find((id) => {
        const cited = found.get(id);
        return cited !== undefined && key !== undefined && stateKeyOfEvent(cited.pdu) === key;
      });
      this.chains.insert(event.eventId, authEvents, predecessor);
    }
  }

  /** Takes every event of a state in. After the first time the cost is that of what has changed. */
  async includeState(place: Place, { places, events }: { places: Places; events: EventReads }): Promise<void> {
    const before = this.#whole;
    const numbers =
      before === undefined
        ? (await places.wholeAt(place)).values()
        : (await places.valuesAt(place, await places.differingKeys([before, place]))).values();
    const changed = await events.getByNumber(eventsOf(numbers));
    await this.include(
      changed.map(({ eventId }) => eventId),
      events,
    );
    this.#whole = place;
  }

  /** The events that have not entered yet, found by walking down from `ids` layer by layer. */
  async #collect(ids: Iterable<EventId>, events: EventReads): Promise<Map<EventId, RoomEvent>> {
    const found = new Map<EventId, RoomEvent>();
    for (let layer = new Set(ids); layer.size > 0; ) {
      const unknown = [...layer].filter((id) => this.chains.find(id) === undefined && !found.has(id));
      layer = new Set();
      for (const event of await events.get(unknown)) {
        found.set(event.eventId, event);
        for (const id of event.pdu.authEvents) layer.add(id);
      }
    }
    return found;
  }
}
