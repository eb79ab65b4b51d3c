/**
 * State resolution v2 (room versions 2 to 11) and v2.1 (room version 12).
 * `content/rooms/fragments/v2-state-res.md`, `content/rooms/v12.md`. The algorithm stands here in the order of its
 * text.
 */
import { type Pdu, type StateKey, type StateLookup, stateKeyOf, stateKeyOfEvent } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import { getString } from '../../matrix/json.ts';
import { checkAuth } from '../auth/check-auth.ts';
import { createOf, sortByMainline, sortByPower } from './order.ts';
import type { Resolution, ResolutionInput, Steps } from './types.ts';

/** Events judged between two pauses: about a millisecond. */
const EVENTS_PER_STEP = 64;

/**
 * "A *power event* is a state event with type `m.room.power_levels` or `m.room.join_rules`, or a state event with type
 * `m.room.member` where the `membership` is `leave` or `ban` and the `sender` does not match the `state_key`."
 * NOTE: of the first two only the room's own, with an empty state key, as in every implementation known.
 */
export function isPowerEvent(event: Pdu): boolean {
  if (event.type === 'm.room.power_levels' || event.type === 'm.room.join_rules') return event.stateKey === '';
  if (event.type !== 'm.room.member' || event.stateKey === undefined || event.stateKey === event.sender) return false;
  const membership = getString(event.content, 'membership');
  return membership === 'leave' || membership === 'ban';
}

/**
 * Step 1: the power events of the full conflicted set and "the events in the auth chain of *P* which also belong to the
 * full conflicted set".
 * NOTE: the chain is followed within that set, as in Synapse and the ruma family; v2.1's subgraph makes the two equal.
 */
function selectPowerEvents(full: ReadonlyMap<EventId, Pdu>): Map<EventId, Pdu> {
  const selected = new Map<EventId, Pdu>();
  const stack = [...full.values()].filter(isPowerEvent);
  for (let event = stack.pop(); event !== undefined; event = stack.pop()) {
    if (selected.has(event.eventId)) continue;
    selected.set(event.eventId, event);
    for (const id of event.authEvents) {
      const cited = full.get(id);
      if (cited !== undefined) stack.push(cited);
    }
  }
  return selected;
}

/** The state while it is being resolved: what was decided so far, over the state that the algorithm started from. */
class PartialState {
  readonly entries = new Map<StateKey, EventId>();
  readonly #input: ResolutionInput;
  /** v2 starts "from the *unconflicted state map*", v2.1 "from an *empty* state map". */
  readonly #isEmptyAtFirst: boolean;

  constructor(input: ResolutionInput) {
    this.#input = input;
    this.#isEmptyAtFirst = input.rules.stateResolution === 'v2.1';
  }

  find(key: StateKey): Pdu | undefined {
    const id = this.entries.get(key) ?? (this.#isEmptyAtFirst ? undefined : this.#input.partition.unconflicted(key));
    return id === undefined ? undefined : this.#input.fetchEvent(id);
  }

  /**
   * "If a `(event_type, state_key)` key that is required for checking the authorisation rules is not present in the
   * state, then the appropriate state event from the event's `auth_events` is used if the auth event is not rejected."
   */
  lookupFor(event: Pdu): StateLookup {
    const { fetchEvent, isRejected, rules } = this.#input;
    const cited = new Map<StateKey, Pdu>();
    for (const id of event.authEvents) {
      const authEvent = fetchEvent(id);
      const key = authEvent && stateKeyOfEvent(authEvent);
      if (authEvent !== undefined && key !== undefined && !isRejected(id)) cited.set(key, authEvent);
    }
    if (rules.roomIdIsCreateHash) {
      const create = createOf(event, rules, fetchEvent);
      if (create !== undefined && !isRejected(create.eventId)) cited.set(stateKeyOf('m.room.create', ''), create);
    }
    return (type, stateKey) => {
      const key = stateKeyOf(type, stateKey);
      return this.find(key) ?? cited.get(key);
    };
  }

  /** The iterative auth checks algorithm. */
  *apply(events: readonly Pdu[]): Steps<void> {
    const { rules, verify, isRejected } = this.#input;
    for (const [index, event] of events.entries()) {
      if (index % EVENTS_PER_STEP === EVENTS_PER_STEP - 1) yield;
      const key = stateKeyOfEvent(event);
      if (key === undefined || isRejected(event.eventId)) continue;
      // "If the state event is not allowed by the authorisation rules, then the event is ignored."
      if (checkAuth({ rules, event, state: this.lookupFor(event), verify }).accept) {
        this.entries.set(key, event.eventId);
      }
    }
  }
}

/** "The union of the conflicted state set and the auth difference", in v2.1 also "the conflicted state subgraph". */
function fullConflictedSet(input: ResolutionInput): Map<EventId, Pdu> {
  const conflicted = new Set<EventId>();
  for (const ids of input.partition.conflicted.values()) for (const id of ids) conflicted.add(id);
  const subgraph = input.rules.stateResolution === 'v2.1' ? input.conflictedSubgraph(conflicted) : [];
  const full = new Map<EventId, Pdu>();
  for (const ids of [conflicted, input.authDifference(), subgraph]) {
    for (const id of ids) {
      const event = full.has(id) ? undefined : input.fetchEvent(id);
      // An event that is unknown or no state event cannot be part of a state; the others go on without it.
      if (event?.stateKey !== undefined) full.set(id, event);
    }
  }
  return full;
}

/** Resolves by v2, or by v2.1 where the room version says so, with a pause now and then. */
export function* resolveV2(input: ResolutionInput): Steps<Resolution> {
  const { rules, fetchEvent, partition } = input;
  const full = fullConflictedSet(input);
  // Steps 1 and 2.
  const power = selectPowerEvents(full);
  const state = new PartialState(input);
  yield* state.apply(sortByPower(power, rules, fetchEvent));
  // Steps 3 and 4.
  const remaining = [...full.values()].filter((event) => !power.has(event.eventId));
  const powerLevels = state.find(stateKeyOf('m.room.power_levels', ''));
  yield* state.apply(sortByMainline(remaining, powerLevels, fetchEvent));
  // Step 5: "replacing any event with the event with the same key from the *unconflicted state map*".
  for (const key of state.entries.keys()) {
    if (partition.unconflicted(key) !== undefined) state.entries.delete(key);
  }
  return state.entries;
}
