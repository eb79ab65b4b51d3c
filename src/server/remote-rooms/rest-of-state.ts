/** The rest of one room's state: what one server brings of it, checked as everything is, until all of it is here. */
import { OperationError } from '../../matrix/errors.ts';
import { type StateKey, stateKeyOf } from '../../matrix/events.ts';
import type { EventId, ServerName } from '../../matrix/ids.ts';
import type { EventFacts, EventNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import type { Room, Rooms } from '../rooms/index.ts';
import { completeRoom, StateIntake, type StateIds } from '../timeline/index.ts';
import { eventSource } from './source.ts';
import { takeState } from './state-answer.ts';

export interface RestParts {
  readonly context: Context;
  readonly peers: Peers;
  readonly rooms: Rooms;
  readonly signal: AbortSignal;
  /** How many servers there are to be asked. */
  readonly serverCount: number;
}

export interface Attempt {
  readonly outcome: 'whole' | 'outdated' | 'incomplete' | 'contradictory' | 'failed';
  readonly why: string | undefined;
  /** Events that it has brought. */
  readonly fetched: number;
}

/** Where fewer events are missing, each is asked for alone … */
const BULK_MIN = 8;
/** … and where they are not one in so many: to read what is here costs a tenth of asking for what is not. */
const BULK_PART = 8;
/** Events that are asked for alone before the next are. */
const ASKED_AT_ONCE = 64;
const LOOKED_UP_AT_ONCE = 500;
/** So many servers must have given an event that does not hold, or all there are, before a state stands without it. */
const REFUSALS_ENOUGH = 3;

export class RestOfState {
  readonly #room: Room;
  readonly #parts: RestParts;
  /** Who has given an event that was none. */
  readonly #refusals = new Map<EventId, Set<ServerName>>();

  constructor(room: Room, parts: RestParts) {
    this.#room = room;
    this.#parts = parts;
  }

  /** Asks one server for what is missing, and completes the room where nothing is any more. */
  async fetchFrom(server: ServerName, joinEvent: EventId): Promise<Attempt> {
    const { peers, context, signal } = this.#parts;
    let fetched = 0;
    try {
      const source = eventSource([server], { peers, log: context.log, signal });
      const ids = await source.getStateIds(this.#room.roomId, joinEvent);
      if (ids === undefined) return { outcome: 'failed', why: 'it does not tell the state', fetched };
      const missing = await this.#missingOf([...ids.state, ...ids.authChain]);
      if (missing.length > 0) await this.#fetch(server, joinEvent, { ids, missing });
      fetched = missing.length - (await this.#missingOf(missing)).length;
      return { ...(await this.#complete(ids, joinEvent)), fetched };
    } catch (error) {
      if (!(error instanceof OperationError) || error.server === undefined) throw error;
      return { outcome: 'failed', why: error.kind, fetched };
    }
  }

  async #facts(ids: readonly EventId[]): Promise<Map<EventId, EventFacts>> {
    const found = new Map<EventId, EventFacts>();
    for (let at = 0; at < ids.length; at += LOOKED_UP_AT_ONCE) {
      const some = ids.slice(at, at + LOOKED_UP_AT_ONCE);
      for (const fact of await this.#parts.context.store.events.getEventFacts(some)) {
        if (fact.room === this.#room.number) found.set(fact.eventId, fact);
      }
    }
    return found;
  }

  async #missingOf(ids: readonly EventId[]): Promise<EventId[]> {
    const known = await this.#facts(ids);
    return [...new Set(ids)].filter((id) => !known.has(id));
  }

  /** Fetches what is missing: the whole state where that is most of it, else event by event. */
  async #fetch(
    server: ServerName,
    joinEvent: EventId,
    { ids, missing }: { readonly ids: StateIds; readonly missing: readonly EventId[] },
  ): Promise<void> {
    const { context, peers, rooms } = this.#parts;
    const { roomId, rules, number } = this.#room;
    const ensureKeys = (wanted: Parameters<Peers['ensureKeys']>[0]) => peers.ensureKeys(wanted);
    const identity = { roomId, rules };
    const intake = new StateIntake({
      context,
      rooms,
      ensureKeys,
      identity,
      from: server,
      room: number,
      open: async () => number,
    });
    try {
      if (this.#isBulk(missing.length, ids)) {
        await this.#fetchBulk(server, joinEvent, intake);
        // What a broken answer has not brought is worth another question.
        await intake.settle();
        await this.#fetchEach(server, await this.#missingOf(missing), intake);
      } else await this.#fetchEach(server, missing, intake);
    } finally {
      // What came is kept, however the answer ended.
      await intake.settle();
      for (const id of intake.refused) {
        const refusals = this.#refusals.get(id) ?? new Set();
        this.#refusals.set(id, refusals.add(server));
      }
    }
  }

  /** Whether the whole state is better asked for than the events of it that are missing. */
  #isBulk(missing: number, ids: StateIds): boolean {
    const visibility = this.#room.state('m.room.history_visibility', '')?.pdu.content['history_visibility'];
    // An event from before our join comes alone without its content where it was hidden from us, but as a part of the
    // state it comes whole.
    if (visibility === 'joined' || visibility === 'invited') return true;
    return missing >= BULK_MIN && missing * BULK_PART > ids.state.length + ids.authChain.length;
  }

  /** The whole state, as far as it comes. */
  async #fetchBulk(server: ServerName, joinEvent: EventId, intake: StateIntake): Promise<void> {
    const { peers, context, signal } = this.#parts;
    const query = `event_id=${encodeURIComponent(joinEvent)}`;
    const path = `/_matrix/federation/v1/state/${encodeURIComponent(this.#room.roomId)}?${query}`;
    try {
      await takeState({ server, request: { method: 'GET', path, signal }, stateName: 'pdus' }, intake, peers);
    } catch (error) {
      if (!(error instanceof OperationError) || error.server === undefined) throw error;
      context.log.debug('a state did not come whole', { server, why: error.kind });
    }
  }

  async #fetchEach(server: ServerName, missing: readonly EventId[], intake: StateIntake): Promise<void> {
    const { context, peers, signal } = this.#parts;
    const source = eventSource([server], { peers, log: context.log, signal });
    for (let at = 0; at < missing.length && !signal.aborted; at += ASKED_AT_ONCE) {
      const { elements } = await source.getEvents(this.#room.roomId, missing.slice(at, at + ASKED_AT_ONCE));
      // Whoever gives none of so many gives none of the others.
      if (elements.length === 0) return;
      await intake.take(elements, false);
    }
  }

  /** Completes the room with a state whose events are here. */
  async #complete(ids: StateIds, joinEvent: EventId): Promise<Omit<Attempt, 'fetched'>> {
    const facts = await this.#facts(ids.state);
    const enough = Math.min(REFUSALS_ENOUGH, this.#parts.serverCount);
    const open = [...new Set(ids.state)].filter((id) => !facts.has(id) && (this.#refusals.get(id)?.size ?? 0) < enough);
    if (open.length > 0) return { outcome: 'incomplete', why: `${open.length} events are missing` };
    const state = new Map<StateKey, EventNumber>();
    for (const { number, status, statePair } of facts.values()) {
      if (statePair === undefined) return { outcome: 'contradictory', why: 'an event of the state is no state event' };
      const key = stateKeyOf(statePair.type, statePair.stateKey);
      if (state.has(key)) return { outcome: 'contradictory', why: 'the state has two events of one type and key' };
      // What was judged and does not hold is no part of any state.
      if (status !== 'rejected') state.set(key, number);
    }
    const { context, rooms } = this.#parts;
    const outcome = await completeRoom({ room: this.#room.number, joinEvent, state }, { context, rooms });
    return { outcome, why: outcome === 'contradictory' ? 'our join does not follow from the state' : undefined };
  }
}
