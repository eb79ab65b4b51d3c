/**
 * Taking in a state that another server tells, with everything that it stands on, while it arrives: each event passes
 * the ingress and is stored as soon as what it stands on is, so that neither the answer nor its events are ever in
 * memory whole. What is stored here already is not checked again.
 */
import { type Pdu, type StateKey, stateKeyOf, stateKeyOfEvent, typePdu } from '../../../matrix/events.ts';
import { OperationError } from '../../../matrix/errors.ts';
import type { EventId, ServerName } from '../../../matrix/ids.ts';
import { asObject, getString } from '../../../matrix/json.ts';
import { parseTrusted } from '../../../matrix/json-parse.ts';
import type { ElementResult } from '../../../matrix/json-slice.ts';
import { present } from '../../../lib/assert.ts';
import type { EventNumber, RoomNumber } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Rooms } from '../../rooms/index.ts';
import { type Admission, beginAdmission, type IncomingEvent, type Ingress, type RoomIdentity } from './ingress.ts';
import { foundationsOf } from './order.ts';
import { storeOutliers } from './outliers.ts';
import { toolsOf } from './room-tools.ts';
import type { EnsureKeys } from './source.ts';

/** Events that are judged together: about a millisecond until the format of all is known. */
const BATCH = 64;
/** Batches whose keys are fetched, and whose signatures are verified, while an earlier one is taken in. */
const AHEAD = 8;
/** Events that are written together. */
const STORED_AT_ONCE = 500;
/** Text of events that wait for what they stand on: an answer in the worst order, of a room of a hundred thousand. */
const WAITING_CHARS_MAX = 128 * 1024 * 1024;
/** Ids that are looked up at once. */
const LOOKED_UP_AT_ONCE = 500;

export interface EnterTools {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly ensureKeys: EnsureKeys;
}

export interface IntakeOptions extends EnterTools {
  readonly identity: RoomIdentity;
  /** The server that tells it. */
  readonly from: ServerName;
  /** The room, where it is known. */
  readonly room: RoomNumber | undefined;
  /** Else gives the room that the events are of: once its create event has been verified, and not before. */
  readonly open: () => Promise<RoomNumber>;
}

/** A state that has been taken in: its events are stored. */
export interface TakenState {
  readonly room: RoomNumber;
  readonly state: ReadonlyMap<StateKey, EventNumber>;
}

/** An event that waits, as text: a tenth of what it takes in memory otherwise. */
type WaitingEvent = Omit<IncomingEvent, 'pdu'> & { readonly eventId: EventId };

interface Waiting {
  readonly event: WaitingEvent;
  /** How many of the events that it stands on are missing. */
  missing: number;
}

/** Events that are being judged, on another thread for the most part, while the next ones are read. */
interface PendingAdmission {
  readonly parsed: Admission['parsed'];
  readonly judged: Promise<Ingress>;
  /** Those that are a part of the state. */
  readonly stateIds: readonly EventId[];
}

export class StateIntake {
  readonly #options: IntakeOptions;
  #batch: { readonly element: ElementResult; readonly isState: boolean }[] = [];
  readonly #admissions: PendingAdmission[] = [];
  #room: RoomNumber | undefined;
  /** Events that are stored or about to be. */
  readonly #known = new Set<EventId>();
  /** What stands on nothing that is missing; that which had to wait is parsed again when it is stored. */
  readonly #ready: (IncomingEvent | WaitingEvent)[] = [];
  readonly #waiting = new Map<EventId, Waiting>();
  readonly #standingOn = new Map<EventId, EventId[]>();
  #waitingChars = 0;
  readonly #state = new Map<StateKey, EventId>();
  readonly #refused = new Set<EventId>();

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#room = options.room;
  }

  /**
   * Takes elements in; resolves when so much of what came before is done that more may come. Throws `bad answer`
   * where they cannot be the state of this room.
   */
  async take(elements: readonly ElementResult[], isState: boolean): Promise<void> {
    for (const element of elements) {
      this.#batch.push({ element, isState });
      if (this.#batch.length < BATCH) continue;
      this.#begin();
      if (this.#admissions.length >= AHEAD) await this.#finishOldest();
    }
  }

  /** Events that came and are not what they claim to be. */
  get refused(): ReadonlySet<EventId> {
    return this.#refused;
  }

  /** The state, once everything is stored. Throws `bad answer` where it has no create event. */
  async finish(): Promise<TakenState> {
    await this.#admitAll();
    const room = this.#room;
    if (room === undefined) throw this.#badAnswer('it has no create event of this room');
    this.#requireFoundations();
    await this.#store();
    const state = new Map<StateKey, EventNumber>();
    const entries = [...this.#state];
    for (let at = 0; at < entries.length; at += LOOKED_UP_AT_ONCE) {
      const some = new Map(entries.slice(at, at + LOOKED_UP_AT_ONCE).map(([key, id]) => [id, key]));
      for (const fact of await this.#options.context.store.events.getEventFacts([...some.keys()])) {
        const key = present(some.get(fact.eventId), 'nothing else was looked up');
        // What was judged and does not hold is no part of any state.
        if (fact.room === room && fact.status !== 'rejected') state.set(key, fact.number);
      }
    }
    if (!state.has(stateKeyOf('m.room.create', ''))) throw this.#badAnswer('its create event does not hold');
    return { room, state };
  }

  /** Stores what stands on what is here; the rest is forgotten. For events that are no whole state. */
  async settle(): Promise<void> {
    await this.#admitAll();
    await this.#store();
  }

  async #admitAll(): Promise<void> {
    this.#begin();
    while (this.#admissions.length > 0) await this.#finishOldest();
  }

  /**
   * What stands on an event that came and does not hold, does not hold either. What stands on one that never came says
   * nothing of the room: another server may tell more.
   */
  #requireFoundations(): void {
    for (const id of this.#standingOn.keys()) {
      if (!this.#refused.has(id) && !this.#waiting.has(id)) throw this.#badAnswer('what it stands on is missing');
    }
  }

  #badAnswer(why: string): OperationError {
    const cause = new Error(`the state cannot be used: ${why}`);
    return new OperationError('bad answer', { temporary: false, server: this.#options.from, cause });
  }

  #begin(): void {
    if (this.#batch.length === 0) return;
    const { identity } = this.#options;
    const admission = beginAdmission(
      this.#batch.map(({ element }) => element),
      identity,
      this.#options,
    );
    const stateIds = this.#batch.flatMap(({ isState }, index) => (isState ? (admission.ids[index] ?? []) : []));
    const { parsed } = admission;
    const judged = this.#lookUp(parsed.keys()).then(() =>
      admission.finish((id) => this.#known.has(id) || this.#waiting.has(id)),
    );
    // Whoever takes it up hears of the failure; until then it is nobody's.
    judged.catch(() => undefined);
    this.#admissions.push({ parsed, judged, stateIds });
    this.#batch = [];
  }

  async #finishOldest(): Promise<void> {
    const oldest = this.#admissions.shift();
    if (oldest === undefined) return;
    const { parsed, stateIds } = oldest;
    const { events, dropped } = await oldest.judged;
    for (const { eventId } of dropped) if (eventId !== undefined) this.#refused.add(eventId);
    for (const { pdu } of events) this.#refused.delete(pdu.eventId);
    for (const event of events) await this.#meet(event.pdu);
    const came = new Set(events.map(({ pdu }) => pdu.eventId));
    for (const id of stateIds) {
      if (came.has(id) || this.#known.has(id) || this.#waiting.has(id)) this.#note(id, parsed.get(id));
    }
    await this.#lookUp(events.flatMap(({ pdu }) => foundationsOf(pdu, this.#options.identity.rules)));
    for (const event of events) this.#arrange(event);
    if (this.#ready.length >= STORED_AT_ONCE) await this.#store();
  }

  /** "The room version comes from the verified create event, never from what the peer says beside it" (adv-045). */
  async #meet(pdu: Pdu): Promise<void> {
    if (this.#room !== undefined || pdu.type !== 'm.room.create' || pdu.stateKey !== '') return;
    const { identity, open } = this.#options;
    const version = getString(pdu.content, 'room_version') ?? '1';
    if (version !== identity.rules.version) throw this.#badAnswer('the room has another version');
    this.#room = await open();
  }

  #note(id: EventId, pdu: Pdu | undefined): void {
    const key = pdu === undefined ? undefined : stateKeyOfEvent(pdu);
    if (key === undefined) return;
    const before = this.#state.get(key);
    if (before !== undefined && before !== id) throw this.#badAnswer('it has two events of one type and key');
    this.#state.set(key, id);
  }

  /** Notes which of these events the room has already. */
  async #lookUp(ids: Iterable<EventId>): Promise<void> {
    const room = this.#room;
    if (room === undefined) return;
    const unknown = [...new Set(ids)].filter((id) => !this.#known.has(id) && !this.#waiting.has(id));
    for (const fact of await this.#options.context.store.events.getEventFacts(unknown)) {
      if (fact.room === room) this.#known.add(fact.eventId);
    }
  }

  /** Puts an event behind what it stands on; what has waited for it goes on. */
  #arrange(event: IncomingEvent): void {
    const { eventId } = event.pdu;
    if (this.#known.has(eventId) || this.#waiting.has(eventId)) return;
    const foundations = new Set(foundationsOf(event.pdu, this.#options.identity.rules));
    const missing = [...foundations].filter((id) => !this.#known.has(id));
    if (missing.length === 0) {
      this.#makeReady(event);
      return;
    }
    this.#waiting.set(eventId, { event: this.#keepText(event), missing: missing.length });
    for (const id of missing) {
      const standing = this.#standingOn.get(id) ?? [];
      if (standing.length === 0) this.#standingOn.set(id, standing);
      standing.push(eventId);
    }
  }

  #keepText({ pdu: { eventId }, ...text }: IncomingEvent): WaitingEvent {
    this.#waitingChars += text.json.length;
    if (this.#waitingChars > WAITING_CHARS_MAX) throw this.#badAnswer('too much of it waits for what it stands on');
    return { eventId, ...text };
  }

  #makeReady(first: IncomingEvent): void {
    // Before the create event, which may come last, nothing can be stored.
    this.#ready.push(this.#room === undefined ? this.#keepText(first) : first);
    const open = [first.pdu.eventId];
    for (let eventId = open.pop(); eventId !== undefined; eventId = open.pop()) {
      this.#known.add(eventId);
      for (const id of this.#standingOn.get(eventId) ?? []) {
        const waiting = this.#waiting.get(id);
        if (waiting === undefined) continue;
        waiting.missing -= 1;
        if (waiting.missing > 0) continue;
        this.#waiting.delete(id);
        this.#ready.push(waiting.event);
        open.push(id);
      }
      this.#standingOn.delete(eventId);
    }
  }

  #release(event: WaitingEvent): IncomingEvent {
    const { eventId, ...text } = event;
    this.#waitingChars -= text.json.length;
    const json = present(asObject(parseTrusted(text.json)), 'an event is an object');
    return { pdu: typePdu(json, eventId, this.#options.identity.rules), ...text };
  }

  /** Stores what is ready, in the room's queue: somebody else may have stored some of it meanwhile. */
  async #store(): Promise<void> {
    const room = this.#room;
    const { context, rooms } = this.#options;
    if (room === undefined) return;
    while (this.#ready.length > 0) {
      const some = this.#ready
        .splice(0, STORED_AT_ONCE)
        .map((event) => ('pdu' in event ? event : this.#release(event)));
      await rooms.exclusively(room, async (current) => {
        const facts = await context.store.events.getEventFacts(some.map(({ pdu }) => pdu.eventId));
        const stored = new Set(facts.map(({ eventId }) => eventId));
        const fresh = some.filter(({ pdu }) => !stored.has(pdu.eventId));
        await storeOutliers(fresh, await toolsOf(current, context, rooms));
      });
    }
  }
}
