/** What a state has to be, by the definitions over whole states: nothing is remembered, nothing is skipped. */
import { createHash } from 'node:crypto';
import { type StateMap, stateKeyOf } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import { authDifferenceByWalk, conflictedSubgraphByWalk } from '../../rules/auth-chain/walk.ts';
import { resolveMaps } from '../../rules/state-resolution/index.ts';
import type { PlayedRoom } from './played-room.ts';

/** States after events of a room, resolved where lines meet. */
export class ReferenceStates {
  readonly #room: PlayedRoom;
  readonly #after = new Map<EventId, StateMap>();

  constructor(room: PlayedRoom) {
    this.#room = room;
  }

  /** Tells the state after an event, from where others are found. */
  put(event: EventId, state: StateMap): void {
    this.#after.set(event, new Map(state));
  }

  /** The state after all of these events. */
  after(events: readonly EventId[]): StateMap {
    const states = events.map((event) => this.#afterOne(event));
    const [first] = states;
    return states.length === 1 && first !== undefined ? first : this.#resolve(states);
  }

  #afterOne(eventId: EventId): StateMap {
    const known = this.#after.get(eventId);
    if (known !== undefined) return known;
    const event = this.#room.events.get(eventId);
    if (event === undefined) throw new Error(`nobody told the state after ${eventId}`);
    const before = this.after(event.prevEvents);
    const state =
      event.stateKey === undefined ? before : new Map(before).set(stateKeyOf(event.type, event.stateKey), eventId);
    this.#after.set(eventId, state);
    return state;
  }

  #resolve(states: readonly StateMap[]): StateMap {
    const room = this.#room;
    const sets = states.map((state) => [...state.values()]);
    return resolveMaps(states, {
      rules: room.rules,
      fetchEvent: (id) => room.events.get(id),
      authDifference: () => authDifferenceByWalk(sets, room.authEventsOf) ?? [],
      conflictedSubgraph: (conflicted) => conflictedSubgraphByWalk(conflicted, room.authEventsOf) ?? [],
      isRejected: () => false,
      // No event of these rooms has a third-party invite, and none of these rooms is of version 1.
      verify: () => false,
      sha1: (text) => createHash('sha1').update(text).digest(),
    });
  }
}
