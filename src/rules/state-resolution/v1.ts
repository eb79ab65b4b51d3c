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

  readonly #lookup: StateLookup = (type, stateKey) => {
    const key = stateKeyOf(type, stateKey);
    const id = this.resolved.get(key) ?? this.#input.partition.unconflicted(key);
    return id === undefined ? undefined : this.#input.fetchEvent(id);
  };

  #isAllowed(event: Pdu): boolean {
    const { rules, verify } = this.#input;
    return checkAuth({ rules, event, state: this.#lookup, verify }).accept;
  }

  /**
   * "Add the first event in the list to *R*. For each subsequent event in the list, check that the event would be
   * allowed by the authorisation rules for a room in state *R*. If the event would be allowed, then update *R* … If it
   * would not be allowed, stop."
   */
  resolveAuthEvents(key: StateKey, ids: ReadonlySet<EventId>): void {
    for (const event of sorted(ids, this.#input)) {
      if (this.resolved.has(key) && !this.#isAllowed(event)) return;
      this.resolved.set(key, event.eventId);
    }
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
    for (const [key, ids] of rest) {
      if (splitStateKey(key).type !== type) continue;
      resolver.resolveAuthEvents(key, ids);
      rest.delete(key);
    }
  }
  for (const [key, ids] of rest) resolver.resolveOther(key, ids);
  return resolver.resolved;
}
