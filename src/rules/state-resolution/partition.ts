/** Splitting states into what they agree on and what is in conflict. */
import type { StateTree } from '../../lib/state-tree.ts';
import type { StateKey, StateMap } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import type { Partition } from './types.ts';

/** Splits state maps. */
export function partitionMaps(states: readonly StateMap[]): Partition {
  const conflicted = new Map<StateKey, Set<EventId>>();
  const [first, ...others] = states;
  if (first === undefined) return { unconflicted: () => undefined, conflicted };
  const keys = new Set(states.flatMap((state) => [...state.keys()]));
  for (const key of keys) {
    const value = first.get(key);
    if (value !== undefined && others.every((state) => state.get(key) === value)) continue;
    const values = states.map((state) => state.get(key)).filter((id) => id !== undefined);
    conflicted.set(key, new Set(values));
  }
  return { unconflicted: (key) => (conflicted.has(key) ? undefined : first.get(key)), conflicted };
}

/** The names behind the numbers of state trees. */
export interface TreeNames<V extends number | string> {
  readonly stateKeyOf: (key: number) => StateKey;
  readonly findKey: (stateKey: StateKey) => number | undefined;
  readonly eventIdOf: (value: V) => EventId;
}

/**
 * Splits state trees by comparing the first with each other one: the cost is their difference. A key present in only
 * some of them is in conflict.
 */
export function partitionTrees<V extends number | string>(
  trees: readonly StateTree<V>[],
  names: TreeNames<V>,
): Partition {
  const [first, ...others] = trees;
  const keys = new Set<number>();
  for (const other of others) first?.forEachDifference(other, (key) => keys.add(key));
  const conflicted = new Map<StateKey, Set<EventId>>();
  for (const key of keys) {
    const values = trees.map((tree) => tree.get(key)).filter((value) => value !== undefined);
    conflicted.set(names.stateKeyOf(key), new Set(values.map(names.eventIdOf)));
  }
  const unconflicted = (stateKey: StateKey): EventId | undefined => {
    const key = names.findKey(stateKey);
    if (key === undefined || keys.has(key)) return undefined;
    const value = first?.get(key);
    return value === undefined ? undefined : names.eventIdOf(value);
  };
  return { unconflicted, conflicted };
}
