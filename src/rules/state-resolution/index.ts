/** The face of state resolution. */
import type { StateKey, StateMap } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import { partitionMaps } from './partition.ts';
import type { Resolution, ResolutionInput } from './types.ts';
import { resolveV1 } from './v1.ts';
import { resolveV2 } from './v2.ts';

export { partitionMaps, partitionTrees, type TreeNames } from './partition.ts';
export type { Partition, Resolution, ResolutionInput } from './types.ts';

/** Resolves a conflict by the algorithm of the room version. Does nothing where nothing is in conflict. */
export function resolve(input: ResolutionInput): Resolution {
  if (input.partition.conflicted.size === 0) return new Map();
  return input.rules.stateResolution === 'v1' ? resolveV1(input) : resolveV2(input);
}

/** Resolves whole state maps to a whole state map. */
export function resolveMaps(states: readonly StateMap[], input: Omit<ResolutionInput, 'partition'>): StateMap {
  const partition = partitionMaps(states);
  const resolution = resolve({ ...input, partition });
  const result = new Map<StateKey, EventId>();
  for (const [key, id] of states[0] ?? []) if (!partition.conflicted.has(key)) result.set(key, id);
  for (const [key, id] of resolution) result.set(key, id);
  return result;
}
