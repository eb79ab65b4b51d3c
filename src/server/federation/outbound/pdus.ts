/** The JSON of events on their way out, read once for all destinations that get them. */
import type { EventNumber, Store } from '../../../ports/store/index.ts';
import { type BoundedMap, boundedMap } from '../../bounded-map.ts';
import type { Stream } from '../../stream/index.ts';
import type { PlannedEvent, ReadyEvent } from './batch.ts';

/** 256 events of at most 64 KiB: mostly a few hundred bytes each. */
const CACHED_MAX = 256;

export class Pdus {
  readonly #store: Store;
  readonly #read: BoundedMap<EventNumber, Promise<string | undefined>> = boundedMap(CACHED_MAX);

  constructor(store: Store, stream: Stream) {
    this.#store = store;
    stream.listen((change) => {
      // What has been redacted is not sent in its old form.
      if (change.kind === 'event' && change.redaction === true) this.#read.clear();
    });
  }

  /** The events with their JSON; those that are stored no more are left out. */
  async load(planned: readonly PlannedEvent[]): Promise<ReadyEvent[]> {
    this.#request(planned.flatMap((one) => one.events));
    const ready = planned.map(async ({ position, events }) => {
      const texts = await Promise.all(events.map((event) => this.#read.get(event) ?? this.#readOne(event)));
      return { position, pdus: texts.filter((text) => text !== undefined) };
    });
    return (await Promise.all(ready)).filter((one) => one.pdus.length > 0);
  }

  /** Reads what is not here yet in one go. */
  #request(events: readonly EventNumber[]): void {
    const missing = events.filter((event) => !this.#read.has(event));
    if (missing.length === 0) return;
    const rows = this.#store.events
      .getEventsByNumber(missing)
      .then((stored) => new Map(stored.map((one) => [one.number, one.json])));
    for (const event of missing)
      this.#keep(
        event,
        rows.then((jsons) => jsons.get(event)),
      );
  }

  /** For more events at a time than are kept. */
  async #readOne(event: EventNumber): Promise<string | undefined> {
    const [stored] = await this.#store.events.getEventsByNumber([event]);
    return stored?.json;
  }

  #keep(event: EventNumber, text: Promise<string | undefined>): void {
    this.#read.set(event, text);
    // A failure is not remembered; whoever waits for it is told.
    text.catch(() => {
      if (this.#read.peek(event) === text) this.#read.delete(event);
    });
  }
}
