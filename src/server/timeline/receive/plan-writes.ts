/**
 * What the place of an event changes, computed before the transaction, which cannot wait: the lines of states, the
 * forward extremities, and the current state, which is merged anew where several extremities are left.
 */
import { splitStateKey, type StateKey, stateKeyOf } from '../../../matrix/events.ts';
import { present } from '../../../lib/assert.ts';
import type { LineNumber, StateEntry, StateReference } from '../../../ports/store/index.ts';
import type { Extremity, RoomEvent } from '../../rooms/index.ts';
import { membershipOfEvent, type StateChange } from '../state-change.ts';
import { withEvent } from './event-reads.ts';
import { type AppendTools, type JudgedEvent, provisional } from './judged-event.ts';
import { mergePlaces } from './merge.ts';
import { type Place, placeAt, placeWith, type StateValue } from './places.ts';

interface Current {
  readonly extremities: readonly Extremity[];
  readonly place: Place;
}

function keyOf({ incoming }: JudgedEvent): StateKey | undefined {
  const { type, stateKey } = incoming.pdu;
  return stateKey === undefined ? undefined : stateKeyOf(type, stateKey);
}

/** The state after a judged event: a rejected one changes nothing. */
function placeAfter(judged: JudgedEvent): Place {
  const key = keyOf(judged);
  return key === undefined || judged.status === 'rejected'
    ? judged.before
    : placeWith(judged.before, key, judged.number);
}

/** The forward extremities and the current state once an accepted event is in. */
export async function currentAfter(judged: JudgedEvent, tools: AppendTools): Promise<Current> {
  const { room, events } = tools;
  const { pdu } = judged.incoming;
  const cited = new Set(pdu.prevEvents);
  const left = room.extremities.filter(({ eventId }) => !cited.has(eventId));
  const own: Extremity = { eventId: pdu.eventId, number: judged.number, depth: pdu.depth };
  const after = placeAfter(judged);
  if (left.length === 0) return { extremities: [own], place: after };
  // Only what is durable can be read as a state.
  await room.settled;
  const others = await events.get(left.map(({ eventId }) => eventId));
  const places = others.map((event) => placeAt(event.stateAfter));
  const known = { ...tools, events: withEvent(events, provisional(judged, room)) };
  return { extremities: [...left, own], place: await mergePlaces([...places, after], known) };
}

/** Everything that is written of states; computed before the transaction, which cannot wait. */
export interface Plan {
  readonly stateBefore: StateReference | undefined;
  /** A line to open, with the entries of its first positions. */
  readonly opened: OpenedLine | undefined;
  /** Entries to append to the main line, one position for each list. */
  readonly main: readonly (readonly StateEntry[])[];
  /** Entries to append to another line at whose head the event stands. */
  readonly side: { readonly line: LineNumber; readonly position: number; readonly entries: StateEntry[] } | undefined;
  readonly changes: readonly PlannedChange[];
  readonly current: Current | undefined;
}

/** Without an event where it is the one that is being appended. */
type PlannedChange = Omit<StateChange, 'event'> & { readonly event: RoomEvent | undefined };

interface OpenedLine {
  readonly line: LineNumber;
  readonly parent: StateReference | undefined;
  readonly positions: { readonly position: number; readonly entries: StateEntry[] }[];
}

/** Plans what giving the event its place writes. */
export async function planWrites(judged: JudgedEvent, current: Current | undefined, tools: AppendTools): Promise<Plan> {
  const { room } = tools;
  const mainHead = placeAt(room.stateReference);
  const difference =
    current === undefined ? new Map<StateKey, StateValue>() : await differenceOf(mainHead, current.place, tools);
  const key = keyOf(judged);
  const entersState = key !== undefined && judged.status !== 'rejected';
  const standsAtMainHead = isReference(judged.before, room.stateReference);
  const entry: StateEntry | undefined = key === undefined ? undefined : { ...splitStateKey(key), event: judged.number };
  const changes = await changesOf(difference, judged, tools);
  if (entersState && entry !== undefined && standsAtMainHead && difference.get(key) === judged.number) {
    // The usual case: the event is the next entry of the main line; whatever else a merge changes comes behind it.
    difference.delete(key);
    const main = difference.size === 0 ? [[entry]] : [[entry], entriesOf(difference)];
    return { stateBefore: room.stateReference, opened: undefined, main, side: undefined, changes, current };
  }
  const main = difference.size === 0 ? [] : [entriesOf(difference)];
  const placed = await placeOnSide(judged.before, entersState ? entry : undefined, tools);
  return { ...placed, main, changes, current };
}

function isReference({ base, changes }: Place, reference: StateReference): boolean {
  return changes.size === 0 && base?.line === reference.line && base.position === reference.position;
}

/** Entries of a line; one with event 0 says that its key left the state. */
export function entriesOf(changes: ReadonlyMap<StateKey, StateValue>): StateEntry[] {
  return Array.from(changes, ([key, event]) => ({ ...splitStateKey(key), event: event as StateEntry['event'] }));
}

/** The entries by which `to` differs from `from`. */
async function differenceOf(from: Place, to: Place, { places }: AppendTools): Promise<Map<StateKey, StateValue>> {
  const keys = await places.differingKeys([from, to]);
  const [before, after] = await Promise.all([places.valuesAt(from, keys), places.valuesAt(to, keys)]);
  const difference = new Map<StateKey, StateValue>();
  for (const key of keys) {
    const value = after.get(key) ?? 0;
    if (value !== (before.get(key) ?? 0)) difference.set(key, value);
  }
  return difference;
}

/** Where the event stands beside the main line: on an existing state, at the head of a line, or on a new line. */
export async function placeOnSide(
  before: Place,
  entry: StateEntry | undefined,
  tools: AppendTools,
): Promise<Pick<Plan, 'stateBefore' | 'opened' | 'side'>> {
  const { lines, places, context, room } = tools;
  const { base, changes } = before;
  if (changes.size === 0 && entry === undefined) return { stateBefore: base, opened: undefined, side: undefined };
  const isSideHead = base !== undefined && changes.size === 0 && base.line !== room.mainLine && lines.isHead(base);
  if (isSideHead && entry !== undefined) {
    return {
      stateBefore: base,
      opened: undefined,
      side: { line: base.line, position: base.position + 1, entries: [entry] },
    };
  }
  const line = context.store.allocateLine();
  const falls = base !== undefined && lines.mayContinue(base);
  // A line without a parent holds its whole state at position 0; another begins with what differs from its parent.
  const whole = falls ? changes : await places.wholeAt(before);
  const first = falls ? 1 : 0;
  const opening = whole.size === 0 && falls ? [] : [{ position: first, entries: entriesOf(whole) }];
  const start = opening.length === 0 ? 0 : first;
  const positions = entry === undefined ? opening : [...opening, { position: start + 1, entries: [entry] }];
  return {
    stateBefore: { line, position: start },
    opened: { line, parent: falls ? base : undefined, positions },
    side: undefined,
  };
}

/** The changes of the current state with the events that they are about. */
async function changesOf(
  difference: ReadonlyMap<StateKey, StateValue>,
  judged: JudgedEvent,
  { places, room, events }: AppendTools,
): Promise<PlannedChange[]> {
  if (difference.size === 0) return [];
  const before = await places.valuesAt(placeAt(room.stateReference), difference.keys());
  const numbers = [...before.values(), ...difference.values()].flatMap((value) =>
    value === 0 || value === judged.number ? [] : [value],
  );
  const loaded = new Map((await events.getByNumber(numbers)).map((event) => [event.number, event]));
  return Array.from(difference, ([key, value]) => {
    const old = before.get(key) ?? 0;
    const left = old === 0 ? undefined : present(loaded.get(old), 'an event of the state is stored');
    const event = value === 0 ? left : loaded.get(value);
    return { ...splitStateKey(key), before: membershipOfEvent(left?.pdu), event, isRemoved: value === 0 };
  });
}
