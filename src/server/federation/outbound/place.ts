/** Places on the stream. */
import { assert } from '../../../lib/assert.ts';
import type { StreamPosition } from '../../../ports/store/index.ts';

/** A position, or 0 for the place before all of them. */
export type Place = StreamPosition | 0;

function isPlace(number: number): number is Place {
  return Number.isSafeInteger(number) && number >= 0;
}

/** The place that a number stands for. */
export function placeOf(number: number): Place {
  assert(isPlace(number), 'a place on the stream is a whole number from 0');
  return number;
}
