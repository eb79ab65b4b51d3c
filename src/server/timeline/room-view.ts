/**
 * What one user may see of one room: history visibility and the user's membership at every event.
 * On the main line both are two short lists from the state log, so no state is ever loaded for it.
 */
import type { UserId } from '../../matrix/ids.ts';
import { getString } from '../../matrix/json.ts';
import type { StatePair, StateReference } from '../../ports/store/index.ts';
import { type HistoryVisibility, historyVisibilityOf, isVisible } from '../../rules/visibility/visibility.ts';
import type { Context } from '../context.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';

interface Step<T> {
  /** Position on the main line from which the value holds. */
  readonly position: number;
  readonly value: T;
}

export class RoomView {
  readonly room: Room;
  readonly user: UserId;
  readonly #rooms: Rooms;
  readonly #context: Context;
  readonly #visibility: readonly Step<HistoryVisibility>[];
  readonly #membership: readonly Step<string>[];

  private constructor(
    room: Room,
    user: UserId,
    parts: { context: Context; rooms: Rooms; visibility: Step<HistoryVisibility>[]; membership: Step<string>[] },
  ) {
    this.room = room;
    this.user = user;
    this.#context = parts.context;
    this.#rooms = parts.rooms;
    this.#visibility = parts.visibility;
    this.#membership = parts.membership;
  }

  /** Reads the histories of the two keys that decide. */
  static async open(
    room: Room,
    user: UserId,
    { context, rooms }: { context: Context; rooms: Rooms },
  ): Promise<RoomView> {
    const load = async <T>(pair: StatePair, read: (event: RoomEvent) => T): Promise<Step<T>[]> => {
      const steps = await context.store.rooms.getStateHistory(room.mainLine, pair);
      const events = await rooms.events.getByNumber(steps.map((one) => one.event));
      return events.map((event, index) => ({ position: steps[index]?.position ?? 0, value: read(event) }));
    };
    return new RoomView(room, user, {
      context,
      rooms,
      visibility: await load({ type: 'm.room.history_visibility', stateKey: '' }, (event) =>
        historyVisibilityOf(event.pdu),
      ),
      membership: await load({ type: 'm.room.member', stateKey: user }, membershipOfMember),
    });
  }

  /** Whether everything is visible whatever the event: the usual case, known without looking at events. */
  get seesEverything(): boolean {
    const open = this.#visibility.every(({ value }) => value === 'world_readable' || value === 'shared');
    return open && this.#membership.at(-1)?.value === 'join';
  }

  /** "membership: the room membership of the user making the request, at the time of the event." */
  async membershipAt(event: RoomEvent): Promise<string> {
    if (event.pdu.type === 'm.room.member' && event.pdu.stateKey === this.user) return membershipOfMember(event);
    return await this.#membershipBefore(event);
  }

  async #membershipBefore(event: RoomEvent): Promise<string> {
    const { stateBefore } = event;
    if (stateBefore === undefined) return 'leave';
    if (stateBefore.line === this.room.mainLine) return valueAt(this.#membership, stateBefore.position) ?? 'leave';
    return (await this.#read(stateBefore, 'm.room.member', this.user, membershipOfMember)) ?? 'leave';
  }

  async #visibilityBefore(event: RoomEvent): Promise<HistoryVisibility> {
    const { stateBefore } = event;
    if (stateBefore === undefined) return 'shared';
    if (stateBefore.line === this.room.mainLine) return valueAt(this.#visibility, stateBefore.position) ?? 'shared';
    const read = (one: RoomEvent): HistoryVisibility => historyVisibilityOf(one.pdu);
    return (await this.#read(stateBefore, 'm.room.history_visibility', '', read)) ?? 'shared';
  }

  async #read<T>(
    at: StateReference,
    type: string,
    stateKey: string,
    read: (event: RoomEvent) => T,
  ): Promise<T | undefined> {
    const entries = await this.#context.store.rooms.getStateAt(at, [{ type, stateKey }]);
    const event = (await this.#rooms.events.getByNumber(entries.map((one) => one.event)))[0];
    return event === undefined ? undefined : read(event);
  }

  /** "if the user joined the room at any point after the event was sent" */
  #joinsAfter(event: RoomEvent): boolean {
    if (this.#membership.at(-1)?.value === 'join') return true;
    const from = event.stateBefore?.line === this.room.mainLine ? event.stateBefore.position : 0;
    return this.#membership.some(({ position, value }) => value === 'join' && position > from);
  }

  /** Whether the user may see the event. */
  async canSee(event: RoomEvent): Promise<boolean> {
    if (event.room !== this.room.number) return false;
    if (this.seesEverything) return true;
    return isVisible({
      event: event.pdu,
      userId: this.user,
      visibility: await this.#visibilityBefore(event),
      membership: await this.#membershipBefore(event),
      joinedLater: this.#joinsAfter(event),
    });
  }

  /** The events that the user may see, in their order. */
  async filterVisible(events: readonly RoomEvent[]): Promise<RoomEvent[]> {
    if (this.seesEverything) return [...events];
    const visible: RoomEvent[] = [];
    for (const event of events) if (await this.canSee(event)) visible.push(event);
    return visible;
  }
}

function membershipOfMember(event: RoomEvent): string {
  return getString(event.pdu.content, 'membership') ?? 'leave';
}

/** The value in force at a position: that of the last step that is not after it. */
function valueAt<T>(steps: readonly Step<T>[], position: number): T | undefined {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]?.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return steps[low - 1]?.value;
}
