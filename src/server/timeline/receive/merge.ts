/**
 * Merging states: the state of an event that follows several others, and the current state of a room with several
 * forward extremities. Decided by `rules/state-resolution`; here is what it needs brought to it.
 */
import { type Pdu, type StateKey, stateKeyOf, stateKeyOfEvent } from '../../../matrix/events.ts';
import type { EventId } from '../../../matrix/ids.ts';
import { present } from '../../../lib/assert.ts';
import { authEventKeys } from '../../../rules/auth/index.ts';
import { type Resolution, type ResolutionInput, resolveInSteps } from '../../../rules/state-resolution/index.ts';
import type { EventNumber } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Room, RoomEvent } from '../../rooms/index.ts';
import type { AuthCover } from './auth-cover.ts';
import type { EventReads } from './event-reads.ts';
import { eventsOf, isSamePlace, type Place, type Places, type StateValue } from './places.ts';

export interface MergeTools {
  readonly context: Context;
  readonly room: Room;
  readonly events: EventReads;
  readonly places: Places;
  readonly cover: AuthCover;
}

/** Thrown inside a resolution that asks for what is not at hand: it is fetched, and the resolution starts anew. */
class MissingKnowledge extends Error {}

/** What differs between places: for each of them the value of every key on which they do not agree. */
interface Conflict {
  readonly keys: readonly StateKey[];
  readonly values: readonly ReadonlyMap<StateKey, StateValue>[];
}

/** Merges states into one. The same states in any order give the same. */
export async function mergePlaces(places: readonly Place[], tools: MergeTools): Promise<Place> {
  const distinct = places.filter((place, index) => places.findIndex((one) => isSamePlace(one, place)) === index);
  const [first] = distinct;
  if (first === undefined) return { base: undefined, changes: new Map() };
  if (distinct.length === 1) return first;
  const conflict = await findConflict(distinct, tools);
  if (conflict.keys.length === 0) return distinct.find(({ changes }) => changes.size === 0) ?? first;
  const knowledge = await Knowledge.gather(distinct, conflict, tools);
  const resolution = await knowledge.resolve();
  return nearest(distinct, conflict, (key) => {
    const id = resolution.get(key);
    return id === undefined ? 0 : knowledge.numberOf(id);
  });
}

async function findConflict(distinct: readonly Place[], { places }: MergeTools): Promise<Conflict> {
  const candidates = await places.differingKeys(distinct);
  const values = await Promise.all(distinct.map((place) => places.valuesAt(place, candidates)));
  const keys = [...candidates].filter((key) => values.some((one) => one.get(key) !== values[0]?.get(key)));
  return { keys, values };
}

/** The resolved state as its difference to the input that is nearest to it. */
function nearest(distinct: readonly Place[], conflict: Conflict, resolved: (key: StateKey) => StateValue): Place {
  let best: { readonly place: Place; readonly changes: [StateKey, StateValue][] } | undefined;
  for (const [index, place] of distinct.entries()) {
    const changes = conflict.keys.flatMap((key): [StateKey, StateValue][] => {
      const value = resolved(key);
      return value === (conflict.values[index]?.get(key) ?? 0) ? [] : [[key, value]];
    });
    if (best === undefined || changes.length < best.changes.length) best = { place, changes };
  }
  const { place, changes } = present(best, 'there is at least one state to merge');
  return { base: place.base, changes: new Map([...place.changes, ...changes]) };
}

/** What one resolution knows: it grows until the resolution has all it asks for. */
class Knowledge {
  readonly #tools: MergeTools;
  readonly #first: Place;
  readonly #conflicted = new Map<StateKey, Set<EventId>>();
  /** Of each state the conflicted events that it holds. */
  readonly #sets: EventId[][];
  readonly #events = new Map<EventId, RoomEvent | undefined>();
  readonly #unconflicted = new Map<StateKey, EventId | undefined>();
  /** Events on which all states agree, once the auth difference has asked for them. */
  #shared: readonly EventId[] | undefined;
  readonly #wantedEvents = new Set<EventId>();
  readonly #wantedKeys = new Set<StateKey>();
  #wantsShared = false;

  private constructor(tools: MergeTools, first: Place) {
    this.#tools = tools;
    this.#first = first;
    this.#sets = [];
  }

  static async gather(distinct: readonly Place[], conflict: Conflict, tools: MergeTools): Promise<Knowledge> {
    const knowledge = new Knowledge(tools, present(distinct[0], 'there is a state'));
    const held = conflict.values.flatMap((values) => conflict.keys.map((key) => values.get(key) ?? 0));
    const events = await tools.events.getByNumber(eventsOf(new Set(held)));
    const byNumber = new Map(events.map((event) => [event.number, event]));
    for (const values of conflict.values) {
      const set: EventId[] = [];
      for (const key of conflict.keys) {
        const value = values.get(key) ?? 0;
        const ids = knowledge.#conflicted.get(key) ?? new Set<EventId>();
        knowledge.#conflicted.set(key, ids);
        if (value === 0) continue;
        const { eventId } = present(byNumber.get(value), 'an event of the state is stored');
        ids.add(eventId);
        set.push(eventId);
      }
      knowledge.#sets.push(set);
    }
    for (const event of events) knowledge.#learn(event);
    // What the auth checks of the conflicted events will look at, so that the first attempt usually succeeds.
    await knowledge.#fetch();
    return knowledge;
  }

  #learn(event: RoomEvent): void {
    const { room } = this.#tools;
    this.#events.set(event.eventId, event);
    for (const { type, stateKey } of authEventKeys(event.pdu, room.rules)) this.#wantKey(stateKeyOf(type, stateKey));
    for (const id of event.pdu.authEvents) if (!this.#events.has(id)) this.#wantedEvents.add(id);
  }

  #wantKey(key: StateKey): void {
    if (!this.#unconflicted.has(key) && !this.#conflicted.has(key)) this.#wantedKeys.add(key);
  }

  /** Fetches what was asked for. */
  async #fetch(): Promise<void> {
    const { events, places, cover } = this.#tools;
    await cover.include(this.#sets.flat(), events);
    if (this.#wantsShared && this.#shared === undefined) this.#shared = await this.#findShared();
    if (this.#wantedKeys.size > 0) {
      const keys = [...this.#wantedKeys];
      this.#wantedKeys.clear();
      const values = await places.valuesAt(this.#first, keys);
      const loaded = await events.getByNumber(eventsOf(values.values()));
      const byNumber = new Map(loaded.map((event) => [event.number, event]));
      for (const key of keys) {
        const value = values.get(key) ?? 0;
        const event = value === 0 ? undefined : byNumber.get(value);
        this.#unconflicted.set(key, event?.eventId);
        if (event !== undefined) this.#events.set(event.eventId, event);
      }
    }
    if (this.#wantedEvents.size > 0) {
      const ids = [...this.#wantedEvents];
      this.#wantedEvents.clear();
      for (const id of ids) this.#events.set(id, undefined);
      for (const event of await events.get(ids)) this.#events.set(event.eventId, event);
    }
  }

  /** Of the events on which all states agree, those that the auth difference depends on. */
  async #findShared(): Promise<readonly EventId[]> {
    const { events, places, cover } = this.#tools;
    await cover.includeState(this.#first, { places, events });
    const citing = await events.get([...cover.chains.citingDifference(this.#sets)]);
    const keyed = citing.flatMap((event) => {
      const key = stateKeyOfEvent(event.pdu);
      return key === undefined || this.#conflicted.has(key) ? [] : [{ event, key }];
    });
    const values = await places.valuesAt(
      this.#first,
      keyed.map(({ key }) => key),
    );
    return keyed.filter(({ event, key }) => values.get(key) === event.number).map(({ event }) => event.eventId);
  }

  /** Runs the resolution, with a pause now and then, until it has all that it asks for. */
  async resolve(): Promise<Resolution> {
    for (;;) {
      try {
        const steps = resolveInSteps(this.#input());
        for (;;) {
          const step = steps.next();
          if (step.done === true) return step.value;
          await this.#pause();
        }
      } catch (error) {
        if (!(error instanceof MissingKnowledge)) throw error;
        await this.#fetch();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#tools.context.clock.schedule(0, resolve));
  }

  numberOf(id: EventId): EventNumber {
    return present(this.#events.get(id), 'what was chosen was looked at').number;
  }

  readonly #fetchEvent = (id: EventId): Pdu | undefined => {
    if (!this.#events.has(id)) {
      this.#wantedEvents.add(id);
      throw new MissingKnowledge();
    }
    const event = this.#events.get(id);
    return event?.room === this.#tools.room.number ? event.pdu : undefined;
  };

  readonly #unconflictedAt = (key: StateKey): EventId | undefined => {
    if (this.#conflicted.has(key)) return undefined;
    if (!this.#unconflicted.has(key)) {
      this.#wantKey(key);
      throw new MissingKnowledge();
    }
    return this.#unconflicted.get(key);
  };

  *#sharedEvents(): Iterable<EventId> {
    if (this.#shared === undefined) {
      this.#wantsShared = true;
      throw new MissingKnowledge();
    }
    yield* this.#shared;
  }

  #input(): ResolutionInput {
    const { context, room, cover } = this.#tools;
    const { crypto } = context;
    return {
      rules: room.rules,
      partition: { unconflicted: this.#unconflictedAt, conflicted: this.#conflicted },
      fetchEvent: this.#fetchEvent,
      authDifference: () => cover.chains.authDifference(this.#sets, this.#sharedEvents()),
      conflictedSubgraph: (conflicted) => cover.chains.conflictedSubgraph(conflicted),
      isRejected: (id) => this.#events.get(id)?.status === 'rejected',
      verify: (key, text, signature) => crypto.ed25519Verify(key, text, signature),
      sha1: (text) => crypto.sha1(text),
    };
  }
}
