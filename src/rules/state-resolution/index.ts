/** The face of state resolution. */
import type { StateKey, StateMap } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import { partitionMaps } from './partition.ts';
import type { Resolution, ResolutionInput, Steps } from './types.ts';
import { resolveV1 } from './v1.ts';
import { resolveV2 } from './v2.ts';

export { partitionMaps, partitionTrees, type TreeNames } from './partition.ts';
export type { Partition, Resolution, ResolutionInput, Steps } from './types.ts';

/**
 * Resolves a conflict by the algorithm of the room version, pausing after each millisecond or so of work. Does nothing
 * where nothing is in conflict.
 */
export function* resolveInSteps(input: ResolutionInput): Steps<Resolution> {
  if (input.partition.conflicted.size === 0) return new Map();
  return input.rules.stateResolution === 'v1' ? resolveV1(input) : yield* resolveV2(input);
}

/** Resolves a conflict in one go. */
export function resolve(input: ResolutionInput): Resolution {
  const steps = resolveInSteps(input);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
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
