/**
 * Bringing together what judging some events needs, before the room's queue is taken: the events that they follow,
 * the auth events that they cite, and, where nobody gives a previous event's past, the state before it. Everything
 * that other servers answer passes `ingress.ts`; every loop is bounded.
 */
import { present } from '../../../lib/assert.ts';
import { type EventId, type ServerName, serverOf } from '../../../matrix/ids.ts';
import type { ElementResult } from '../../../matrix/json-slice.ts';
import type { StoredEvent } from '../../../ports/store/index.ts';
import type { Room } from '../../rooms/index.ts';
import { admit, type DroppedEvent, type IncomingEvent, type IngressTools } from './ingress.ts';
import { foundationsOf, sortByFoundation } from './order.ts';
import type { EventSource } from './source.ts';

/** "Gap filling takes ≤ 20 missing events per request, then state." */
const MISSING_EVENTS_MAX = 20;
const GAP_REQUESTS_MAX = 5;
/** States of one batch that are asked for. */
const FOUNDATIONS_MAX = 10;
/** Rounds of fetching auth events that auth events cite, when whole auth chains did not bring them. */
const AUTH_ROUNDS_MAX = 20;
/** Events of others that one batch may bring in: beyond it what is missing stays missing. */
const OUTLIERS_MAX = 20_000;

/** A previous event without a past here: the state before it, as another server tells it. */
export interface Foundation {
  readonly eventId: EventId;
  readonly state: readonly EventId[];
}

/** An event that follows some that nobody can give, or that nobody can vouch for: the state before it, as told. */
export interface Told {
  readonly state: readonly EventId[];
  /** The previous events that are missing. */
  readonly missing: readonly EventId[];
}

/** What has to be stored before something else can be judged. */
export interface Groundwork {
  /** Auth events and events of a state, each behind those of them that it cites. */
  readonly outliers: readonly IncomingEvent[];
  readonly foundations: readonly Foundation[];
}

export interface Batch {
  /** Events for the timeline, each behind those of them that it follows, or that a state before it holds. */
  readonly events: readonly IncomingEvent[];
  /** By the id of the event before which it is stored: some of it may stand on the events before that one. */
  readonly groundwork: ReadonlyMap<EventId, Groundwork>;
  /** What no event of the batch needs any more: kept, so that it need not be fetched again. */
  readonly rest: Groundwork;
  readonly told: ReadonlyMap<EventId, Told>;
  readonly dropped: readonly DroppedEvent[];
  /** What had been received before. */
  readonly known: ReadonlyMap<EventId, StoredEvent>;
}

export interface GatherOptions {
  readonly room: Room;
  readonly source: EventSource;
  readonly tools: IngressTools;
  /** Whether the server ACL lets events of a server in. */
  readonly allows: (server: ServerName) => boolean;
}

/** Gathers what the given PDUs need. */
export async function gather(elements: readonly ElementResult[], options: GatherOptions): Promise<Batch> {
  const gathering = new Gathering(options);
  await gathering.take(elements);
  await gathering.fillGaps();
  await gathering.findFoundations();
  await gathering.findAuthEvents();
  return gathering.finish();
}

/** Gathers what history needs: nothing is asked that lies between it and the present. */
export async function gatherHistory(elements: readonly ElementResult[], options: GatherOptions): Promise<Batch> {
  const gathering = new Gathering(options);
  await gathering.take(elements);
  await gathering.findFoundations();
  await gathering.findAuthEvents();
  return gathering.finish();
}

/** Whether an event has a place in the room, so that others can follow it. */
function isPlaced(stored: StoredEvent | undefined): boolean {
  return stored?.stateBefore !== undefined;
}

class Gathering {
  readonly #options: GatherOptions;
  readonly #events = new Map<EventId, IncomingEvent>();
  readonly #outliers = new Map<EventId, IncomingEvent>();
  readonly #stored = new Map<EventId, StoredEvent | undefined>();
  readonly #foundations: Foundation[] = [];
  readonly #told = new Map<EventId, Told>();
  readonly #dropped: DroppedEvent[] = [];
  readonly #known = new Map<EventId, StoredEvent>();
  /** What nobody has given yet, though it may be given later. */
  readonly #open = new Set<EventId>();

  constructor(options: GatherOptions) {
    this.#options = options;
  }

  async #admit(elements: readonly ElementResult[]): Promise<readonly IncomingEvent[]> {
    if (elements.length === 0) return [];
    const { room, tools } = this.#options;
    const { events, dropped } = await admit(elements, room, tools);
    this.#dropped.push(...dropped);
    return events;
  }

  /** Looks up what the store has of these events. */
  async #lookUp(ids: Iterable<EventId>): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#stored.has(id));
    for (const id of unknown) this.#stored.set(id, undefined);
    const { store } = this.#options.tools.context;
    for (const stored of await store.events.getEvents(unknown)) {
      if (stored.room === this.#options.room.number) this.#stored.set(stored.eventId, stored);
    }
  }

  /** Takes events for the timeline in, but those that have been judged before (step 2). */
  async take(elements: readonly ElementResult[]): Promise<number> {
    const incoming = await this.#admit(elements);
    await this.#lookUp(incoming.map(({ pdu }) => pdu.eventId));
    let taken = 0;
    for (const event of incoming) {
      const { eventId, sender } = event.pdu;
      const stored = this.#stored.get(eventId);
      if (stored !== undefined && stored.status !== 'outlier') this.#known.set(eventId, stored);
      else if (!this.#options.allows(present(serverOf(sender), 'a user id names a server'))) {
        this.#dropped.push({ eventId, why: 'the server ACL of the room keeps its server out' });
      } else if (!this.#events.has(eventId)) {
        this.#events.set(eventId, event);
        taken += 1;
      }
    }
    return taken;
  }

  /** Previous events that are neither here nor in the batch. */
  async #missingPrevious(): Promise<Set<EventId>> {
    const cited = [...this.#events.values()].flatMap(({ pdu }) => pdu.prevEvents);
    await this.#lookUp(cited);
    return new Set(cited.filter((id) => !this.#events.has(id) && !isPlaced(this.#stored.get(id))));
  }

  /** Asks for the events between what we have and what came. */
  async fillGaps(): Promise<void> {
    const { room, source } = this.#options;
    for (let request = 0; request < GAP_REQUESTS_MAX; request += 1) {
      const missing = await this.#missingPrevious();
      if (missing.size === 0) return;
      const latest = [...this.#events.values()].filter(({ pdu }) => pdu.prevEvents.some((id) => missing.has(id)));
      const answer = await source.getMissingEvents(room.roomId, {
        earliest: room.extremities.map(({ eventId }) => eventId),
        latest: latest.slice(0, MISSING_EVENTS_MAX).map(({ pdu }) => pdu.eventId),
        limit: MISSING_EVENTS_MAX,
      });
      if ((await this.take(answer.slice(0, MISSING_EVENTS_MAX))) === 0) return;
    }
  }

  /**
   * Asks for the state before previous events that are still missing. One event that cannot be had, such as one of a
   * server whose keys nobody can give any more, must not end the room for us: then the state before what follows it
   * is asked for. What follows one of which nobody tells anything goes.
   */
  async findFoundations(): Promise<void> {
    const missing = await this.#missingPrevious();
    let asked = 0;
    for (const eventId of missing) {
      if (asked === FOUNDATIONS_MAX) break;
      asked += 1;
      const state = await this.#askState(eventId, [eventId]);
      if (state === undefined || !this.#isAtHand(eventId)) continue;
      this.#foundations.push({ eventId, state });
      missing.delete(eventId);
    }
    for (const [eventId, { pdu }] of this.#events) {
      const unknown = pdu.prevEvents.filter((id) => missing.has(id));
      if (unknown.length === 0 || asked === FOUNDATIONS_MAX || unknown.some((id) => this.#open.has(id))) continue;
      asked += 1;
      const state = await this.#askState(eventId, []);
      if (state !== undefined) this.#told.set(eventId, { state, missing: unknown });
    }
    this.#dropFollowers(missing);
  }

  /**
   * The state before an event as another server tells it, as far as its events can be had; and fetches `also`. A state
   * of which some can only not be had now would stay another than that of everybody else: it is none.
   */
  async #askState(eventId: EventId, also: readonly EventId[]): Promise<readonly EventId[] | undefined> {
    const { room, source } = this.#options;
    const answer = await source.getStateIds(room.roomId, eventId);
    if (answer === undefined) return undefined;
    await this.#fetchOutliers([...also, ...answer.state, ...answer.authChain]);
    if (answer.state.some((id) => this.#open.has(id))) return undefined;
    return answer.state.filter((id) => this.#isAtHand(id));
  }

  #isAtHand(id: EventId): boolean {
    return this.#outliers.has(id) || this.#events.has(id) || this.#stored.get(id) !== undefined;
  }

  /** Takes out what follows these events, directly or not. What a state holds is kept for it, without a place. */
  #dropFollowers(missing: ReadonlySet<EventId>): void {
    const gone = new Set(missing);
    const held = new Set([...this.#foundations, ...this.#told.values()].flatMap(({ state }) => state));
    for (let before = -1; gone.size !== before; ) {
      before = gone.size;
      for (const [eventId, event] of this.#events) {
        if (this.#told.has(eventId) || !event.pdu.prevEvents.some((id) => gone.has(id))) continue;
        this.#events.delete(eventId);
        if (held.has(eventId)) this.#outliers.set(eventId, event);
        this.#dropped.push({ eventId, why: 'a previous event cannot be found' });
        gone.add(eventId);
      }
    }
  }

  async #fetchOutliers(ids: readonly EventId[]): Promise<void> {
    await this.#lookUp(ids);
    const wanted = ids.filter((id) => !this.#isAtHand(id)).slice(0, OUTLIERS_MAX - this.#outliers.size);
    if (wanted.length === 0) return;
    const { room, source } = this.#options;
    const { elements, open } = await source.getEvents(room.roomId, wanted);
    this.#keep(await this.#admit(elements));
    for (const id of open) this.#open.add(id);
  }

  #keep(events: readonly IncomingEvent[]): void {
    for (const event of events) {
      const { eventId } = event.pdu;
      if (!this.#isAtHand(eventId) && this.#outliers.size < OUTLIERS_MAX) this.#outliers.set(eventId, event);
      this.#open.delete(eventId);
    }
  }

  /** Fetches auth events until every event stands on what is here, or nobody gives more. */
  async findAuthEvents(): Promise<void> {
    const { room, source } = this.#options;
    const askedChains = new Set<EventId>();
    for (let round = 0; round < AUTH_ROUNDS_MAX; round += 1) {
      const citing = await this.#citingMissing();
      const [first] = citing;
      if (first === undefined) return;
      if (!askedChains.has(first.pdu.eventId) && askedChains.size < MISSING_EVENTS_MAX) {
        askedChains.add(first.pdu.eventId);
        const chain = await this.#admit(await source.getAuthChain(room.roomId, first.pdu.eventId));
        await this.#lookUp(chain.map(({ pdu }) => pdu.eventId));
        this.#keep(chain);
        continue;
      }
      const before = this.#outliers.size;
      await this.#fetchOutliers(citing.flatMap(({ pdu }) => pdu.authEvents));
      if (this.#outliers.size === before) return;
    }
  }

  async #citingMissing(): Promise<IncomingEvent[]> {
    const all = [...this.#events.values(), ...this.#outliers.values()];
    await this.#lookUp(all.flatMap(({ pdu }) => pdu.authEvents));
    return all.filter(({ pdu }) => pdu.authEvents.some((id) => !this.#isAtHand(id)));
  }

  /**
   * Takes out what cannot be judged before something comes that may still come: judged without it, it would be rejected
   * for ever. It is asked for again when something follows it.
   */
  #withdrawOpen(): ReadonlySet<EventId> {
    const gone = new Set(this.#open);
    const leans = (ids: readonly EventId[]): boolean => ids.some((id) => gone.has(id));
    for (let before = 0; gone.size !== before; ) {
      before = gone.size;
      for (const [eventId, { pdu }] of this.#outliers) {
        if (leans(foundationsOf(pdu, this.#options.room.rules)) && this.#outliers.delete(eventId)) gone.add(eventId);
      }
      for (const { eventId, state } of this.#foundations) if (leans(state)) gone.add(eventId);
      for (const [eventId, { pdu }] of this.#events) {
        if (!leans(pdu.authEvents) && !leans(this.#told.get(eventId)?.state ?? pdu.prevEvents)) continue;
        this.#events.delete(eventId);
        this.#dropped.push({ eventId, why: 'what it stands on cannot be fetched now' });
        gone.add(eventId);
      }
    }
    return gone;
  }

  /** Everything in the order in which it is stored. */
  #ordered(foundations: readonly Foundation[]): Pick<Batch, 'events' | 'groundwork' | 'rest'> {
    const { rules } = this.#options.room;
    const founded = new Map(foundations.map((one) => [one.eventId, one]));
    const ids = new Set([...this.#outliers.keys(), ...founded.keys(), ...this.#events.keys()]);
    const leansOn = (id: EventId): readonly EventId[] => {
      const event = this.#events.get(id);
      const { pdu } = event ?? this.#outliers.get(id) ?? {};
      const state = founded.get(id)?.state ?? this.#told.get(id)?.state ?? [];
      const previous = event?.pdu.prevEvents ?? [];
      return [...previous, ...state, ...(pdu === undefined ? [] : foundationsOf(pdu, rules))];
    };
    const events: IncomingEvent[] = [];
    const groundwork = new Map<EventId, Groundwork>();
    let [outliers, laid]: [IncomingEvent[], Foundation[]] = [[], []];
    for (const id of sortByFoundation(new Map(Array.from(ids, (id) => [id, id])), leansOn)) {
      const [event, outlier, foundation] = [this.#events.get(id), this.#outliers.get(id), founded.get(id)];
      if (event === undefined) {
        if (outlier !== undefined) outliers.push(outlier);
        if (foundation !== undefined) laid.push(foundation);
        continue;
      }
      events.push(event);
      if (outliers.length + laid.length > 0) groundwork.set(id, { outliers, foundations: laid });
      [outliers, laid] = [[], []];
    }
    return { events, groundwork, rest: { outliers, foundations: laid } };
  }

  finish(): Batch {
    const gone = this.#withdrawOpen();
    return {
      ...this.#ordered(this.#foundations.filter(({ eventId }) => !gone.has(eventId))),
      told: this.#told,
      dropped: this.#dropped,
      known: this.#known,
    };
  }
}
