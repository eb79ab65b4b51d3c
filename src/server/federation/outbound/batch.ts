/** What one transaction holds. Pure. */
import { utf8Length } from '../../../matrix/ids.ts';
import type { EventNumber, OutboundEduRow, StreamPosition } from '../../../ports/store/index.ts';
import type { Place } from './place.ts';

/** An entry of the outbound stream with the events that are sent for it: itself, or what has overtaken it. */
export interface PlannedEvent {
  readonly position: StreamPosition;
  readonly events: readonly EventNumber[];
}

/** The same with the events' JSON. */
export interface ReadyEvent {
  readonly position: StreamPosition;
  readonly pdus: readonly string[];
}

/** What has been found for a destination, in order. */
export interface Found {
  readonly events: readonly ReadyEvent[];
  /** Where the cursor stands when all of `events` are delivered: beyond the last, up to where nothing else is. */
  readonly end: Place;
  readonly edus: readonly OutboundEduRow[];
  /** EDUs that may be dropped. */
  readonly ephemeral: readonly string[];
}

export interface Batch {
  readonly pdus: readonly string[];
  readonly edus: readonly string[];
  /** Where the cursor stands when this is delivered. */
  readonly end: Place;
  /** Numbers of the stored EDUs among `edus`. */
  readonly eduNumbers: readonly number[];
  /** How many things can be sent apart from each other; EDUs that may be dropped are none. */
  readonly itemCount: number;
}

export interface BatchLimits {
  readonly pdus: number;
  readonly edus: number;
  /** Most entries and stored EDUs together; `undefined` for no further limit. */
  readonly items: number | undefined;
  /** Most bytes of events, and of EDUs, beyond the first of each. */
  readonly bytes: number;
}

function sizeOf(texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) bytes += utf8Length(text);
  return bytes;
}

/** UTF-8 takes so many bytes for a unit of a string at most. */
const UNIT_BYTES_MAX = 3;

/** How many of the first `groups` fit: at least one, and all its texts. */
function countFitting(groups: readonly (readonly string[])[], textsMax: number, bytesMax: number): number {
  let [texts, bytes, units] = [0, 0, 0];
  for (const group of groups) {
    texts += group.length;
    for (const text of group) units += text.length;
  }
  // Mostly everything fits by far, and each destination asks: then nobody counts the bytes.
  if (texts <= textsMax && units * UNIT_BYTES_MAX <= bytesMax) return groups.length;
  texts = 0;
  for (const [index, group] of groups.entries()) {
    texts += group.length;
    bytes += sizeOf(group);
    if (index > 0 && (texts > textsMax || bytes > bytesMax)) return index;
  }
  return groups.length;
}

/** The next transaction out of what has been found; `undefined` where nothing was. */
export function planBatch(found: Found, limits: BatchLimits): Batch | undefined {
  const { items = Number.POSITIVE_INFINITY } = limits;
  const groups = found.events.slice(0, items).map((one) => one.pdus);
  const taken = found.events.slice(0, countFitting(groups, limits.pdus, limits.bytes));
  const rows = found.edus.slice(0, Math.min(limits.edus, items - taken.length));
  const kept = rows.slice(
    0,
    countFitting(
      rows.map((row) => [row.json]),
      limits.edus,
      limits.bytes,
    ),
  );
  // While something is suspect, what may be dropped does not come along.
  const ephemeral = limits.items === undefined ? found.ephemeral.slice(0, limits.edus - kept.length) : [];
  const last = taken.at(-1);
  const pdus = taken.flatMap((one) => one.pdus);
  if (pdus.length === 0 && kept.length === 0 && ephemeral.length === 0) return undefined;
  return {
    pdus,
    edus: [...kept.map((row) => row.json), ...ephemeral],
    end: taken.length < found.events.length && last !== undefined ? last.position : found.end,
    eduNumbers: kept.map((row) => row.number),
    itemCount: taken.length + kept.length,
  };
}
