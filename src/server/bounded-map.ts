/** Maps that forget what was used least lately. */
import { LRUCache } from 'lru-cache';

export type BoundedMap<Key extends {}, Value extends {}> = LRUCache<Key, Value>;

const one = (): number => 1;

/**
 * A map of at most `max` entries that forgets the one used least lately. It grows as it fills: a cache that is given
 * its `max` directly takes the memory of all entries at once, twenty megabytes and a tenth of a second over ours.
 */
export function boundedMap<Key extends {}, Value extends {}>(max: number): BoundedMap<Key, Value> {
  return new LRUCache<Key, Value>({ maxSize: max, sizeCalculation: one });
}
