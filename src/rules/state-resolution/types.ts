/** What a resolution takes and gives. */
import type { FetchEvent, StateKey } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import type { VerifySignature } from '../signatures/verify.ts';

/** Several states, split by what they agree on. */
export interface Partition {
  /** "If a given key K is present in every S_i with the same value V in each state map": that value. */
  readonly unconflicted: (key: StateKey) => EventId | undefined;
  /** All values of every other key. */
  readonly conflicted: ReadonlyMap<StateKey, ReadonlySet<EventId>>;
}

export interface ResolutionInput {
  readonly rules: RoomVersionRules;
  readonly partition: Partition;
  readonly fetchEvent: FetchEvent;
  /** "∪ C_i − ∩ C_i" of the states that are resolved; not asked in room version 1. */
  readonly authDifference: () => Iterable<EventId>;
  /** The events on paths between conflicted ones; asked by v2.1 only. */
  readonly conflictedSubgraph: (conflicted: ReadonlySet<EventId>) => Iterable<EventId>;
  /**
   * Whether an event was rejected when it was received. Such an event neither enters the state nor supports another
   * one: like Synapse, and unlike the letter of "Rejected events", we keep the earlier verdict.
   */
  readonly isRejected: (eventId: EventId) => boolean;
  /** Verifies third-party invites. */
  readonly verify: VerifySignature;
  /** SHA-1 of a text: the tie-break of room version 1. */
  readonly sha1: (text: string) => Uint8Array;
}

/** Work that pauses now and then, so that whoever runs it may let others have their turn, or give up. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/**
 * The resolved state as its difference to the unconflicted one: the entries to add. A conflicted key that is not among
 * them is absent from the resolved state.
 */
export type Resolution = ReadonlyMap<StateKey, EventId>;
