/**
 * What happened in one room between two positions, as one user sees it: the newest part of the timeline, and the
 * state changes that are not in it. The answers of v3 and of sliding sync are both made from it.
 */
import { boundedMap } from '../bounded-map.ts';
import type { Pdu } from '../../matrix/events.ts';
import type { LineNumber, RoomNumber, StateReference } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';
import { pageBounds, type RoomView } from '../timeline/index.ts';

export interface DeltaRequest {
  readonly view: RoomView;
  /** Everything up to here has been answered; 0 for a room that the client does not have. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly matches: (pdu: Pdu) => boolean;
}

export interface RoomDelta {
  readonly timeline: readonly RoomEvent[];
  /** Whether there are events between `from` and the timeline that are not in it. */
  readonly limited: boolean;
  /** Whether the timeline has every event since `from`: none is filtered, hidden or behind the limit. */
  readonly isWhole: boolean;
  /** The boundary right before the timeline. */
  readonly prevBatch: number;
  /** The state before the timeline's first event, or at `to` where the timeline is empty. */
  readonly stateBefore: StateReference | undefined;
  /** The state at `to`. */
  readonly stateAfter: StateReference | undefined;
}

/** Events scanned for one timeline at most. */
const SCAN_MAX = 1_000;
const FRAGMENTS_MAX = 20_000;

interface Slice {
  readonly events: readonly RoomEvent[];
  readonly complete: boolean;
}

export class RoomDeltas {
  readonly #context: Context;
  readonly #rooms: Rooms;
  /** Slices of timelines, shared by everybody who asks for the same stretch. */
  readonly #slices = boundedMap<string, Promise<Slice>>(FRAGMENTS_MAX);

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
    // A redaction rewrites an event that slices hold.
    context.stream.listen((change) => {
      if (change.kind === 'event' && change.redaction === true) this.#slices.clear();
      // So does the whole state of a room, by which events are judged again.
      if (change.kind === 'state') this.#slices.clear();
    });
  }

  /** Computes the delta of a room. */
  async get({ view, from, to, limit, matches }: DeltaRequest): Promise<RoomDelta> {
    const { room } = view;
    const timeline: RoomEvent[] = [];
    // The room's own newest position names the same stretch for everybody, whatever else has happened meanwhile.
    let before = Math.min(to, room.head.lastPosition);
    let complete = false;
    let isWhole = true;
    let hasGap = false;
    let oldest: RoomEvent | undefined;
    for (let scanned = 0; scanned < SCAN_MAX && !complete && timeline.length < limit; ) {
      const slice = await this.#slice(room.number, { from, to: before, limit: limit + 1 });
      complete = slice.complete;
      oldest = slice.events.at(-1) ?? oldest;
      for (const event of slice.events) {
        if (timeline.length === limit) {
          complete = false;
          break;
        }
        before = event.position - 1;
        if (matches(event.pdu) && (await view.canSee(event))) timeline.push(event);
        else isWhole = false;
        if (await this.#isAfterGap(room, event)) {
          hasGap = true;
          break;
        }
      }
      if (hasGap) break;
      scanned += slice.events.length;
      if (slice.events.length === 0) break;
    }
    timeline.reverse();
    const first = timeline[0];
    const stateAfter = await this.stateAt(room, to);
    return {
      timeline,
      // What does not begin with the room has a past that other servers can tell.
      limited: !complete || hasGap || (from === 0 && oldest !== undefined && oldest.pdu.type !== 'm.room.create'),
      isWhole: complete && !hasGap && isWhole,
      prevBatch: first === undefined ? Math.max(before, from) : first.position - 1,
      stateBefore: first === undefined ? stateAfter : await this.#stateBefore(room, first),
      stateAfter,
    };
  }

  /** The newest events of (from, to], newest first, and whether there are no more. */
  #slice(room: RoomNumber, { from, to, limit }: { from: number; to: number; limit: number }): Promise<Slice> {
    const key = `${room} ${from} ${to} ${limit}`;
    let slice = this.#slices.get(key);
    if (slice === undefined) {
      slice = this.#read(room, { from, to, limit });
      this.#slices.set(key, slice);
      slice.catch(() => this.#slices.delete(key));
    }
    return slice;
  }

  async #read(room: RoomNumber, { from, to, limit }: { from: number; to: number; limit: number }): Promise<Slice> {
    if (to <= from) return { events: [], complete: true };
    const rows = await this.#context.store.events.pageTimeline({
      room,
      ...pageBounds(to, from, 'backwards'),
      direction: 'backwards',
      limit,
    });
    return { events: await this.#rooms.events.load(rows), complete: rows.length < limit };
  }

  /** All events of (from, to] of a room, oldest first, where they are no more than `limit`; shared by all askers. */
  async stretch(room: Room, from: number, to: number, limit: number): Promise<readonly RoomEvent[] | undefined> {
    const end = Math.min(to, room.head.lastPosition);
    const { events, complete } = await this.#slice(room.number, { from, to: end, limit });
    return complete ? events.toReversed() : undefined;
  }

  /** The state at a boundary: after the last event that is not behind it. */
  async stateAt(room: Room, position: number): Promise<StateReference | undefined> {
    if (position <= 0) return undefined;
    const { events } = await this.#slice(room.number, {
      from: 0,
      to: Math.min(position, room.head.lastPosition),
      limit: 1,
    });
    // The main line is the current state as the room went; at a fork an event's own state is another.
    const mainHead = room.mainHeadAt(position, events[0]);
    return mainHead === undefined ? undefined : { line: room.mainLine, position: mainHead };
  }

  /** Whether the user has been joined all the time since a boundary. */
  async joinedSince(view: RoomView, boundary: number): Promise<boolean> {
    return await view.joinedSince(await this.stateAt(view.room, boundary));
  }

  /**
   * Whether the room went on without us before an event: our return to it, which came with a state of its own. What
   * lies before is another stretch of its timeline.
   */
  async #isAfterGap(room: Room, event: RoomEvent): Promise<boolean> {
    const { pdu, mainHead } = event;
    const isJoin = pdu.type === 'm.room.member' && pdu.stateKey === pdu.sender && !this.#rooms.isRemote(pdu.sender);
    if (!isJoin || mainHead === undefined) return false;
    const before = await this.stateAt(room, event.position - 1);
    return before !== undefined && before.position < mainHead - 1;
  }

  /** The current state right before an event of the timeline. */
  async #stateBefore(room: Room, event: RoomEvent): Promise<StateReference | undefined> {
    if (event.ownMainHead === undefined && event.stateBefore?.line === room.mainLine) return event.stateBefore;
    // What came while only a part of the state was known has the whole of it beside the main line.
    if (room.partial === undefined && room.wasPartialAt(event.position)) return event.stateBefore;
    return await this.stateAt(room, event.position - 1);
  }

  /** The state events by which `to` differs from `from`; all of `to` where there is no `from`. */
  async stateBetween(from: StateReference | undefined, to: StateReference | undefined): Promise<RoomEvent[]> {
    if (to === undefined) return [];
    const { rooms } = this.#context.store;
    if (from?.line === to.line) {
      if (from.position >= to.position) return [];
      const entries = await rooms.getStateChanges(to.line as LineNumber, from.position, to.position);
      return await this.#rooms.events.getByNumber(entries.map((one) => one.event));
    }
    const entries = await rooms.getStateAt(to);
    const known = from === undefined ? undefined : new Set((await rooms.getStateAt(from)).map((one) => one.event));
    const changed = known === undefined ? entries : entries.filter((one) => !known.has(one.event));
    return await this.#rooms.events.getByNumber(changed.map((one) => one.event));
  }
}

/**
 * Of the members that a room has turned out to have, once the whole of its state took the place of a part, only those
 * who were known before: whoever loads members lazily asks for the others when there is need.
 */
export async function withoutLearntMembers(
  changed: readonly RoomEvent[],
  { room, from, before }: { readonly room: Room; readonly from: number; readonly before: StateReference | undefined },
  { store }: Context,
): Promise<readonly RoomEvent[]> {
  if (before === undefined || !room.wasPartialAt(from)) return changed;
  const entries = await store.rooms.getStateAt(before);
  const known = new Set(entries.flatMap(({ type, stateKey }) => (type === 'm.room.member' ? [stateKey] : [])));
  return changed.filter(({ pdu }) => pdu.type !== 'm.room.member' || known.has(pdu.stateKey ?? ''));
}

/** A delta whose states lie not behind a position of the main line. */
export function statesUntil(delta: RoomDelta, position: number | undefined): RoomDelta {
  const bound = (state: StateReference | undefined): StateReference | undefined =>
    state === undefined || position === undefined ? state : { ...state, position: Math.min(state.position, position) };
  return { ...delta, stateBefore: bound(delta.stateBefore), stateAfter: bound(delta.stateAfter) };
}
