/**
 * States that may not be written yet, and reading them: what they hold, and where several of them differ. The cost is
 * that of the difference wherever the states descend from one another (PERFORMANCE §3.2, §3.4).
 */
import { splitStateKey, type StateKey, stateKeyOf } from '../../../matrix/events.ts';
import type { EventNumber, StateEntry, StateReference, Store } from '../../../ports/store/index.ts';
import type { Lines, Room, Rooms } from '../../rooms/index.ts';

/** The event under a key; 0 where the key is not in the state. */
export type StateValue = EventNumber | 0;

/** A state: what is stored at `base`, with `changes` over it. Without a base it is those changes alone. */
export interface Place {
  readonly base: StateReference | undefined;
  readonly changes: ReadonlyMap<StateKey, StateValue>;
}

/** The events among some values. */
export function eventsOf(values: Iterable<StateValue>): EventNumber[] {
  return Array.from(values).flatMap((value) => (value === 0 ? [] : [value]));
}

const NO_CHANGES: ReadonlyMap<StateKey, StateValue> = new Map();

/** The state that is stored at a reference. */
export function placeAt(base: StateReference | undefined): Place {
  return { base, changes: NO_CHANGES };
}

/** A state with one more entry. */
export function placeWith(place: Place, key: StateKey, value: StateValue): Place {
  return { base: place.base, changes: new Map(place.changes).set(key, value) };
}

/** Whether two places are the same without looking into them. */
export function isSamePlace(left: Place, right: Place): boolean {
  if (left.base?.line !== right.base?.line || left.base?.position !== right.base?.position) return false;
  if (left.changes.size !== right.changes.size) return false;
  for (const [key, value] of left.changes) if (right.changes.get(key) !== value) return false;
  return true;
}

function keyOf(entry: StateEntry): StateKey {
  return stateKeyOf(entry.type, entry.stateKey);
}

/** Reads of one room's states. What they read must be durable, but for the current state. */
export class Places {
  readonly #room: Room;
  readonly #rooms: Rooms;
  readonly #reads: Store['rooms'];
  readonly #lines: Lines;

  constructor(room: Room, { store, rooms, lines }: { store: Store; rooms: Rooms; lines: Lines }) {
    this.#room = room;
    this.#rooms = rooms;
    this.#reads = store.rooms;
    this.#lines = lines;
  }

  /** The values of some keys; 0 for those that are not in the state. */
  async valuesAt(place: Place, keys: Iterable<StateKey>): Promise<Map<StateKey, StateValue>> {
    const values = new Map<StateKey, StateValue>();
    const open: StateKey[] = [];
    for (const key of keys) {
      const changed = place.changes.get(key);
      values.set(key, changed ?? 0);
      if (changed === undefined) open.push(key);
    }
    if (place.base === undefined || open.length === 0) return values;
    const { line, position } = this.#room.stateReference;
    if (place.base.line === line && place.base.position === position) {
      for (const [key, value] of await this.#currentValues(open)) values.set(key, value);
    } else {
      for (const entry of await this.#reads.getStateAt(place.base, open.map(splitStateKey))) {
        values.set(keyOf(entry), entry.event);
      }
    }
    return values;
  }

  /** Of the current state: memory has it, also what is not durable yet. */
  async #currentValues(keys: readonly StateKey[]): Promise<Map<StateKey, StateValue>> {
    const pairs = keys.map((key) => ({ key, ...splitStateKey(key) }));
    const users = pairs.filter(({ type }) => type === 'm.room.member').map(({ stateKey }) => stateKey);
    await this.#rooms.ensureMembers(this.#room, users);
    return new Map(pairs.map(({ key, type, stateKey }) => [key, this.#room.state(type, stateKey)?.number ?? 0]));
  }

  /** The whole state. */
  async wholeAt(place: Place): Promise<Map<StateKey, EventNumber>> {
    const whole = new Map<StateKey, EventNumber>();
    if (place.base !== undefined) {
      for (const entry of await this.#reads.getStateAt(place.base)) whole.set(keyOf(entry), entry.event);
    }
    for (const [key, value] of place.changes) {
      if (value === 0) whole.delete(key);
      else whole.set(key, value);
    }
    return whole;
  }

  /** The keys in which these states can differ: what changed since the last state that all of them descend from. */
  async differingKeys(places: readonly Place[]): Promise<Set<StateKey>> {
    const keys = new Set<StateKey>();
    for (const { changes } of places) for (const key of changes.keys()) keys.add(key);
    const bases = places.map(({ base }) => base);
    const shared = this.#sharedBase(bases);
    for (const base of bases) {
      if (base === undefined) continue;
      if (shared === undefined) {
        for (const entry of await this.#reads.getStateAt(base)) keys.add(keyOf(entry));
        continue;
      }
      for (const { line, position } of this.#lines.chainOf(base)) {
        const from = line === shared.line ? shared.position : 0;
        if (position > from) {
          for (const entry of await this.#reads.getStateChanges(line, from, position)) keys.add(keyOf(entry));
        }
        if (line === shared.line) break;
      }
    }
    return keys;
  }

  /** The newest reference that all of them descend from. */
  #sharedBase(bases: readonly (StateReference | undefined)[]): StateReference | undefined {
    const chains = bases.map((base) => (base === undefined ? [] : this.#lines.chainOf(base)));
    for (const { line } of chains[0] ?? []) {
      const positions = chains.map((chain) => chain.find((one) => one.line === line)?.position);
      if (positions.every((position) => position !== undefined)) return { line, position: Math.min(...positions) };
    }
    return undefined;
  }
}
