/** Reading from one event outwards: its context, what relates to it, the threads of a room. */
import type { EventId, RoomId } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { EventFilter } from '../../rules/filters/event-filter.ts';
import type { Context } from '../context.ts';
import type { RoomEvent, Rooms } from '../rooms/index.ts';
import type { Viewer } from './present.ts';
import { boundaryAfter, type Direction, pageBounds, type Reader } from './read.ts';
import type { RoomView } from './room-view.ts';

export interface EventContext {
  readonly event: string;
  readonly before: string[];
  readonly after: string[];
  readonly state: string[];
  readonly start: number;
  readonly end: number;
}

export interface RelationsOptions {
  readonly parent: EventId;
  readonly relType: string | undefined;
  readonly type: string | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly direction: Direction;
  readonly limit: number;
  /** "recurse": children of children too, to this depth. */
  readonly depth: number;
}

export interface RelationsPage {
  readonly chunk: string[];
  readonly next: number | undefined;
  readonly depth: number;
}

const CONTEXT_MAX = 100;
const PAGE_MAX = 100;
/** "Servers … should limit the depth … recommended 3." */
export const RECURSION_DEPTH = 3;

export class Surroundings {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #reader: Reader;

  constructor(context: Context, rooms: Rooms, reader: Reader) {
    this.#context = context;
    this.#rooms = rooms;
    this.#reader = reader;
  }

  /** "limit … applies to the sum of the events_before and events_after arrays." */
  async getContext(
    viewer: Viewer,
    roomId: RoomId,
    options: { eventId: EventId; limit: number; filter: JsonObject | undefined },
  ): Promise<EventContext> {
    const view = await this.#reader.requireView(viewer.user, roomId);
    const event = await this.#reader.requireEvent(view, options.eventId);
    const limit = Math.min(Math.max(options.limit, 0), CONTEXT_MAX);
    const filter = options.filter;
    const around = { to: undefined, filter };
    const half = Math.ceil(limit / 2);
    const empty = { chunk: [] as string[], end: undefined };
    const before =
      half === 0
        ? empty
        : await this.#reader.page(viewer, view, {
            ...around,
            from: event.position - 1,
            direction: 'backwards',
            limit: half,
          });
    const rest = limit - half;
    const after =
      rest === 0
        ? empty
        : await this.#reader.page(viewer, view, {
            ...around,
            from: event.position,
            direction: 'forwards',
            limit: rest,
          });
    const state = await this.#stateOf(viewer, view, { event, filter });
    const { presenter } = this.#reader;
    return {
      event: await presenter.presentOne(view.room, event, viewer, { withRoomId: true, view }),
      before: before.chunk,
      after: after.chunk,
      state,
      start: before.end ?? event.position - 1 - (before.chunk.length > 0 ? 1 : 0),
      end: after.end ?? (this.#context.store.position as number),
    };
  }

  /** "The state of the room at the last event returned", without members nobody asked for. */
  async #stateOf(
    viewer: Viewer,
    view: RoomView,
    { event, filter }: { event: RoomEvent; filter: JsonObject | undefined },
  ): Promise<string[]> {
    const matches = new EventFilter(filter);
    const lazy = matches.lazyLoadMembers;
    if (!lazy) await this.#rooms.partial.whenWhole(view.room);
    const state = (await this.#reader.stateAfter(view.room, event)).filter(
      (one) =>
        matches.matches(one.pdu) &&
        !(
          lazy &&
          one.pdu.type === 'm.room.member' &&
          one.pdu.stateKey !== event.pdu.sender &&
          one.pdu.stateKey !== viewer.user
        ),
    );
    return await this.#reader.presenter.present(view.room, state, viewer, { withRoomId: true, bundle: false });
  }

  /** Events that relate to one event, newest first unless asked otherwise. */
  async pageRelations(viewer: Viewer, roomId: RoomId, options: RelationsOptions): Promise<RelationsPage> {
    const view = await this.#reader.requireView(viewer.user, roomId);
    await this.#reader.requireEvent(view, options.parent);
    const limit = Math.min(Math.max(options.limit, 1), PAGE_MAX);
    const { direction } = options;
    const from = options.from ?? (direction === 'backwards' ? (this.#context.store.position as number) : 0);
    const found: RoomEvent[] = [];
    let parents: EventId[] = [options.parent];
    for (let level = 0; level < options.depth && parents.length > 0; level += 1) {
      const children = await this.#children(view, parents, { ...options, from, limit: limit + 1 });
      found.push(...children);
      parents = children.map((one) => one.eventId);
    }
    const sign = direction === 'backwards' ? -1 : 1;
    const ordered = found.toSorted((left, right) => sign * (left.position - right.position));
    const page = ordered.slice(0, limit);
    const last = page.at(-1);
    return {
      chunk: await this.#reader.presenter.present(view.room, page, viewer, { withRoomId: true, view }),
      next: ordered.length > limit && last !== undefined ? boundaryAfter(last, direction) : undefined,
      depth: options.depth,
    };
  }

  async #children(
    view: RoomView,
    parents: readonly EventId[],
    options: RelationsOptions & { from: number },
  ): Promise<RoomEvent[]> {
    const found: RoomEvent[] = [];
    for (const parent of parents) {
      const rows = await this.#context.store.events.pageRelations({
        room: view.room.number,
        parent,
        ...(options.relType !== undefined && { relType: options.relType }),
        ...(options.type !== undefined && { type: options.type }),
        ...pageBounds(options.from, options.to, options.direction),
        direction: options.direction,
        limit: options.limit,
      });
      found.push(...(await view.filterVisible(await this.#rooms.events.load(rows))));
    }
    return found;
  }

  /** "Threads … ordered by the latest event, descending." */
  async pageThreads(
    viewer: Viewer,
    roomId: RoomId,
    options: { from: number | undefined; limit: number; participated: boolean },
  ): Promise<RelationsPage> {
    const view = await this.#reader.requireView(viewer.user, roomId);
    const limit = Math.min(Math.max(options.limit, 1), PAGE_MAX);
    const rows = await this.#context.store.events.pageThreadRoots(view.room.number, {
      limit: limit + 1,
      ...(options.from !== undefined && { from: options.from }),
      ...(options.participated && { participant: viewer.user }),
    });
    const page = rows.slice(0, limit);
    const roots = await view.filterVisible(await this.#rooms.events.get(page.map((one) => one.root)));
    const last = page.at(-1);
    return {
      chunk: await this.#reader.presenter.present(view.room, roots, viewer, { withRoomId: true, view }),
      next: rows.length > limit ? last?.latestPosition : undefined,
      depth: 1,
    };
  }

  /** The visible event nearest to a time. Throws `M_NOT_FOUND` where there is none. */
  async findByTimestamp(
    viewer: Viewer,
    roomId: RoomId,
    options: { timestamp: number; direction: Direction },
  ): Promise<RoomEvent | undefined> {
    const view = await this.#reader.requireView(viewer.user, roomId);
    const row = await this.#context.store.events.findByTimestamp(
      view.room.number,
      options.timestamp,
      options.direction,
    );
    const [event] = row === undefined ? [] : await view.filterVisible(await this.#rooms.events.load([row]));
    return event;
  }
}
