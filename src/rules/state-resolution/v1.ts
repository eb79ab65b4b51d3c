/** State resolution of room version 1. `content/rooms/v1.md`, "State resolution". */
import { compareBytes } from '../../lib/bytes.ts';
import { type Pdu, splitStateKey, type StateKey, type StateLookup, stateKeyOf } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import { checkAuth } from '../auth/check-auth.ts';
import type { Resolution, ResolutionInput } from './types.ts';

/** "Sort the list by ascending `depth` then descending `sha1(event_id)`." */
function sorted(ids: ReadonlySet<EventId>, { fetchEvent, sha1 }: ResolutionInput): Pdu[] {
  const events: { readonly event: Pdu; readonly hash: Uint8Array }[] = [];
  for (const id of ids) {
    const event = fetchEvent(id);
    if (event !== undefined) events.push({ event, hash: sha1(id) });
  }
  events.sort((a, b) => a.event.depth - b.event.depth || compareBytes(b.hash, a.hash));
  return events.map(({ event }) => event);
}

class Resolver {
  readonly resolved = new Map<StateKey, EventId>();
  readonly #input: ResolutionInput;

  constructor(input: ResolutionInput) {
    this.#input = input;
  }

  /** Whether *R* allows an event; `own` stands in it for the key that is being resolved. */
  #isAllowed(event: Pdu, own?: { readonly key: StateKey; readonly event: Pdu }): boolean {
    const { rules, verify } = this.#input;
    const state: StateLookup = (type, stateKey) => {
      const key = stateKeyOf(type, stateKey);
      if (key === own?.key) return own.event;
      const id = this.resolved.get(key) ?? this.#input.partition.unconflicted(key);
      return id === undefined ? undefined : this.#input.fetchEvent(id);
    };
    return checkAuth({ rules, event, state, verify }).accept;
  }

  /** Resolves the keys of one type, none of which sees what becomes of another: whose turn it is must not matter. */
  resolveType(keys: ReadonlyMap<StateKey, ReadonlySet<EventId>>): void {
    const chosen = Array.from(keys, ([key, ids]) => ({ key, event: this.#lastAllowed(key, ids) }));
    for (const { key, event } of chosen) if (event !== undefined) this.resolved.set(key, event.eventId);
  }

  /**
   * "Add the first event in the list to *R*. For each subsequent event in the list, check that the event would be
   * allowed by the authorisation rules for a room in state *R*. If the event would be allowed, then update *R* … If it
   * would not be allowed, stop."
   */
  #lastAllowed(key: StateKey, ids: ReadonlySet<EventId>): Pdu | undefined {
    let last: Pdu | undefined;
    for (const event of sorted(ids, this.#input)) {
      if (last !== undefined && !this.#isAllowed(event, { key, event: last })) break;
      last = event;
    }
    return last;
  }

  /**
   * "Pick the event with the highest depth and lowest `sha1(event_id)` that passes authentication in *R*." When none
   * does, the one with the lowest depth stays, as in Synapse.
   */
  resolveOther(key: StateKey, ids: ReadonlySet<EventId>): void {
    const events = sorted(ids, this.#input);
    const best = events.findLast((event) => this.#isAllowed(event)) ?? events[0];
    if (best !== undefined) this.resolved.set(key, best.eventId);
  }
}

/** Resolves as room version 1 does. */
export function resolveV1(input: ResolutionInput): Resolution {
  const resolver = new Resolver(input);
  const rest = new Map(input.partition.conflicted);
  // "First we resolve conflicts between `m.room.power_levels` events", then join rules, then members.
  for (const type of ['m.room.power_levels', 'm.room.join_rules', 'm.room.member']) {
    const keys = new Map([...rest].filter(([key]) => splitStateKey(key).type === type));
    resolver.resolveType(keys);
    for (const key of keys.keys()) rest.delete(key);
  }
  for (const [key, ids] of rest) resolver.resolveOther(key, ids);
  return resolver.resolved;
}
