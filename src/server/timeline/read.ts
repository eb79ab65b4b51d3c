/** Reading a room: one event, its context, pages of history, relations and threads. */
import { MatrixError } from '../../matrix/errors.ts';
import type { EventId, RoomId, UserId } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { EventFilter } from '../../rules/filters/event-filter.ts';
import type { MembershipRecord, StatePair, StateReference } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';
import { Presenter, type Viewer } from './present.ts';
import { RoomView } from './room-view.ts';

export type Direction = 'backwards' | 'forwards';

export interface PageOptions {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly direction: Direction;
  readonly limit: number;
  readonly filter: JsonObject | undefined;
}

export interface Page {
  readonly chunk: string[];
  /** Member events of the senders, where the filter asks for lazy loading. */
  readonly state: string[];
  readonly start: number;
  readonly end: number | undefined;
}

/** Events scanned for one page at most, so that a filter which matches nothing costs a bounded time. */
const SCAN_MAX = 2_000;
const BATCH = 100;
/** How often one page asks other servers for more. */
const FETCHES_MAX = 2;
/** "limit … default 10"; more than a thousand at once is nobody's screen. */
const LIMIT_MAX = 1_000;

/** Where history comes from that is not here. */
export interface History {
  /** Fetches what lies behind the oldest event here; true where there is more now. Never throws for others' faults. */
  fetchMore(room: Room): Promise<boolean>;
}

export class Reader {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #history: History;
  readonly presenter: Presenter;

  constructor(context: Context, rooms: Rooms, history: History) {
    this.#context = context;
    this.#rooms = rooms;
    this.#history = history;
    this.presenter = new Presenter(context, rooms);
  }

  /**
   * The room and what the user may see of it. Throws `M_FORBIDDEN` for users who have no part in it, unless the room
   * is world-readable.
   */
  async requireView(user: UserId, roomId: RoomId): Promise<RoomView> {
    const room = await this.#rooms.find(roomId);
    if (room === undefined) throw new MatrixError('M_FORBIDDEN', 'You are not a member of this room');
    const membership = await this.#rooms.findMembership(user, room.number);
    await room.settled;
    const view = await RoomView.open(room, user, { context: this.#context, rooms: this.#rooms });
    const readable =
      room.state('m.room.history_visibility', '')?.pdu.content['history_visibility'] === 'world_readable';
    if (!readable && !(await takesPart(view, membership))) {
      throw new MatrixError('M_FORBIDDEN', 'You are not a member of this room');
    }
    return view;
  }

  /** The event, if it is of this room and the user may see it; anything else is equally `M_NOT_FOUND`. */
  async requireEvent(view: RoomView, eventId: EventId): Promise<RoomEvent> {
    const event = await this.#rooms.findEvent(view.room, eventId);
    if (event === undefined || event.status !== 'accepted' || !(await view.canSee(event))) {
      throw new MatrixError('M_NOT_FOUND', 'There is no such event');
    }
    return event;
  }

  /** One event as JSON. */
  async getEvent(viewer: Viewer, roomId: RoomId, eventId: EventId): Promise<string> {
    const view = await this.requireView(viewer.user, roomId);
    const event = await this.requireEvent(view, eventId);
    return await this.presenter.presentOne(view.room, event, viewer, { withRoomId: true, view });
  }

  /** A page of history. Tokens are positions; `end` is absent where there is nothing more. */
  async page(viewer: Viewer, view: RoomView, options: PageOptions): Promise<Page> {
    const { direction } = options;
    const limit = Math.min(Math.max(options.limit, 1), LIMIT_MAX);
    const newest = this.#context.store.position as number;
    const start = options.from ?? (direction === 'backwards' ? newest : 0);
    const filter = new EventFilter(options.filter);
    const found = await this.#scan(view, { start, matches: filter, limit, direction, to: options.to });
    const chunk = await this.presenter.present(view.room, found.events, viewer, { withRoomId: true, view });
    const state = filter.lazyLoadMembers ? await this.membersOf(view.room, found.events, viewer) : [];
    return { chunk, state, start, end: found.end };
  }

  async #scan(
    view: RoomView,
    options: {
      start: number;
      to: number | undefined;
      direction: Direction;
      matches: EventFilter;
      limit: number;
    },
  ): Promise<{ events: RoomEvent[]; end: number | undefined }> {
    const { direction, matches, limit } = options;
    const events: RoomEvent[] = [];
    let from = options.start;
    let fetches = 0;
    for (let scanned = 0; scanned < SCAN_MAX; ) {
      const rows = await this.#context.store.events.pageTimeline({
        room: view.room.number,
        ...pageBounds(from, options.to, direction),
        direction,
        limit: BATCH,
      });
      for (const event of await this.#rooms.events.load(rows)) {
        from = boundaryAfter(event, direction);
        if (!matches.matches(event.pdu) || !(await view.canSee(event))) continue;
        events.push(event);
        if (events.length === limit) return { events, end: from };
      }
      scanned += rows.length;
      if (rows.length === BATCH) continue;
      const isPast = direction === 'backwards' && options.to === undefined && fetches < FETCHES_MAX;
      fetches += 1;
      // "If no further events are available, this property is omitted."
      if (!isPast || !(await this.#history.fetchMore(view.room))) return { events, end: undefined };
    }
    return { events, end: from };
  }

  /** Member events of the senders of `events`, as of now: what lazy loading adds to a page. */
  async membersOf(room: Room, events: readonly RoomEvent[], viewer: Viewer): Promise<string[]> {
    const senders = new Set(events.map((one) => one.pdu.sender));
    const members = [...(await this.#rooms.memberEvents(room, senders, events)).values()];
    return await this.presenter.present(room, members, viewer, { withRoomId: true, bundle: false });
  }

  /**
   * The state as the user may see it: the current one for members and for world-readable rooms, that in which they left
   * for those who have left. Entries of one type and key, or all.
   */
  async getState(view: RoomView, pair?: StatePair): Promise<RoomEvent[]> {
    const { room } = view;
    const left = await this.#leftAt(view);
    if (left === undefined) await this.#untilKnown(room, pair);
    const { store } = this.#context;
    const pairs = pair === undefined ? undefined : [pair];
    const entries =
      left === undefined
        ? await store.rooms.getCurrentState(room.number, pairs)
        : await store.rooms.getStateAt(left, pairs);
    return await this.#rooms.events.getByNumber(entries.map((one) => one.event));
  }

  /** Waits where the state is to be read of a room of which not all members are known. Throws where that is long. */
  async #untilKnown(room: Room, pair?: StatePair): Promise<void> {
    if (room.partial === undefined || (pair !== undefined && pair.type !== 'm.room.member')) return;
    if (pair !== undefined) {
      await this.#rooms.ensureMembers(room, [pair.stateKey]);
      if (room.state(pair.type, pair.stateKey) !== undefined) return;
    }
    await this.#rooms.partial.whenWhole(room);
  }

  /** The state in which the user left the room, for users who are out of it. */
  async #leftAt(view: RoomView): Promise<StateReference | undefined> {
    const position = await view.lastLeave();
    return position === undefined ? undefined : { line: view.room.mainLine, position };
  }

  /** The state as it was at a boundary of the stream, for those who have left not later than when they did. */
  async getStateAtBoundary(view: RoomView, position: number): Promise<RoomEvent[]> {
    await this.#untilKnown(view.room);
    const [row] = await this.#context.store.events.pageTimeline({
      room: view.room.number,
      ...pageBounds(position, undefined, 'backwards'),
      direction: 'backwards',
      limit: 1,
    });
    const [event] = row === undefined ? [] : await this.#rooms.events.load([row]);
    if (event === undefined) return [];
    const left = await this.#leftAt(view);
    const mainHead = view.room.mainHeadAt(position, event);
    const isLater = left !== undefined && (mainHead ?? 0) >= left.position;
    if (isLater) return await this.#rooms.getStateAt(left);
    if (mainHead === event.mainHead) return await this.stateAfter(view.room, event);
    return mainHead === undefined ? [] : await this.#rooms.getStateAt({ line: view.room.mainLine, position: mainHead });
  }

  /** The current state as it was once an event had arrived. */
  async stateAfter(room: Room, event: RoomEvent): Promise<RoomEvent[]> {
    const { mainHead, stateAfter } = event;
    if (mainHead === undefined) return [];
    // History that was fetched later has a state of its own, and none of the main line.
    // What came while only a part of the state was known has the whole of it beside the main line.
    const isCurrent = event.position > 0 && (room.partial !== undefined || !room.wasPartialAt(event.position));
    const at = isCurrent ? { line: room.mainLine, position: mainHead } : stateAfter;
    return at === undefined ? [] : await this.#rooms.getStateAt(at);
  }
}

/** Members take part, and those who were members until they forget the room; who was only invited does not. */
async function takesPart(view: RoomView, membership: MembershipRecord | undefined): Promise<boolean> {
  if (membership === undefined || membership.forgotten) return false;
  if (membership.membership === 'invite' || membership.membership === 'knock') return false;
  return await view.everJoined();
}

/**
 * A pagination token is a boundary: everything up to and including its position lies before it. So the token of a
 * sync answer and that of a page mean the same.
 */
export function boundaryAfter(event: RoomEvent, direction: Direction): number {
  return direction === 'backwards' ? event.position - 1 : event.position;
}

/** A boundary as the store's page bounds: exclusive of `from`, inclusive of `to`. */
export function pageBounds(from: number, to: number | undefined, direction: Direction): { from: number; to?: number } {
  if (direction === 'forwards') return { from, ...(to !== undefined && { to }) };
  return { from: from + 1, ...(to !== undefined && { to: to + 1 }) };
}
