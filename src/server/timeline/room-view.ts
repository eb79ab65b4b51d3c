/**
 * What one user may see of one room: history visibility and the user's membership at every event.
 * On the main line both are two short lists from the state log, so no state is ever loaded for it; and in the usual
 * case, a member of a room whose history was always shared, not even these are read.
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

interface ViewParts {
  readonly context: Context;
  readonly rooms: Rooms;
}

/** The visibility steps of a room, good as long as its current visibility event is this one. */
const visibilitySteps = new WeakMap<
  Room,
  { event: RoomEvent | undefined; steps: Promise<Step<HistoryVisibility>[]> }
>();

export class RoomView {
  readonly room: Room;
  readonly user: UserId;
  readonly #parts: ViewParts;
  /** The user's current member event. */
  readonly #member: RoomEvent | undefined;
  #membership: Promise<Step<string>[]> | undefined;
  #since: Promise<number> | undefined;
  #sees: Promise<boolean> | undefined;

  private constructor(room: Room, user: UserId, parts: ViewParts) {
    this.room = room;
    this.user = user;
    this.#parts = parts;
    this.#member = room.state('m.room.member', user);
  }

  /** A view of the room as it is now. */
  static async open(
    room: Room,
    user: UserId,
    parts: ViewParts,
    /** Where the user's membership changed last, for those who know. */
    since?: number,
  ): Promise<RoomView> {
    await parts.rooms.ensureMembers(room, [user]);
    const view = new RoomView(room, user, parts);
    if (since !== undefined) view.#since = Promise.resolve(since);
    return view;
  }

  get #isJoined(): boolean {
    return this.#member !== undefined && membershipOfMember(this.#member) === 'join';
  }

  /** Whether everything is visible whatever the event: the usual case, known without looking at events. */
  seesEverything(): Promise<boolean> {
    this.#sees ??= this.#isJoined
      ? this.#visibilitySteps().then((steps) =>
          steps.every(({ value }) => value === 'world_readable' || value === 'shared'),
        )
      : Promise.resolve(false);
    return this.#sees;
  }

  #visibilitySteps(): Promise<Step<HistoryVisibility>[]> {
    const event = this.room.state('m.room.history_visibility', '');
    const cached = visibilitySteps.get(this.room);
    if (cached !== undefined && cached.event?.number === event?.number) return cached.steps;
    const pair = { type: 'm.room.history_visibility', stateKey: '' };
    const steps = this.#load(pair, (one) => (one === undefined ? 'shared' : historyVisibilityOf(one.pdu)));
    // What is not durable yet would be missing from the steps: they are kept once it is.
    if (this.room.isSettled) visibilitySteps.set(this.room, { event, steps });
    return steps;
  }

  #membershipSteps(): Promise<Step<string>[]> {
    const read = (one: RoomEvent | undefined): string => (one === undefined ? 'leave' : membershipOfMember(one));
    this.#membership ??= this.#load({ type: 'm.room.member', stateKey: this.user }, read);
    return this.#membership;
  }

  /** The values of an entry as the main line went; `read` is given nothing where a merge has taken the entry out. */
  async #load<T>(pair: StatePair, read: (event: RoomEvent | undefined) => T): Promise<Step<T>[]> {
    const { context, rooms } = this.#parts;
    const steps = await context.store.rooms.getStateHistory(this.room.mainLine, pair);
    const events = await rooms.events.getByNumber(steps.map((one) => one.event));
    const byNumber = new Map(events.map((event) => [event.number, event]));
    return steps.map(({ position, event }) => ({ position, value: read(byNumber.get(event)) }));
  }

  /** "membership: the room membership of the user making the request, at the time of the event." */
  async membershipAt(event: RoomEvent): Promise<string> {
    if (event.pdu.type === 'm.room.member' && event.pdu.stateKey === this.user) return membershipOfMember(event);
    return await this.membershipBefore(event);
  }

  /** The user's membership in the state before an event. */
  async membershipBefore(event: RoomEvent): Promise<string> {
    const { stateBefore } = event;
    if (stateBefore === undefined) return 'leave';
    if (this.#member !== undefined && event.position > (await this.#memberSince())) {
      return membershipOfMember(this.#member);
    }
    if (stateBefore.line === this.room.mainLine) {
      return valueAt(await this.#membershipSteps(), stateBefore.position) ?? 'leave';
    }
    return (await this.#read(stateBefore, 'm.room.member', this.user, membershipOfMember)) ?? 'leave';
  }

  /** Whether the user is or ever was joined: an invitation that was declined or a knock shows nothing. */
  async everJoined(): Promise<boolean> {
    return this.#isJoined || (await this.#membershipSteps()).some(({ value }) => value === 'join');
  }

  /**
   * Since when the current member event has been current: a merge, or a state that came with a join, can bring back
   * one that is older than what it replaces.
   */
  #memberSince(): Promise<number> {
    this.#since ??= this.#parts.rooms
      .findMembership(this.user, this.room.number)
      .then((record) => record?.position ?? Number.POSITIVE_INFINITY);
    return this.#since;
  }

  /** Whether the user has been joined all the time since a state of the main line. */
  async joinedSince(before: StateReference | undefined): Promise<boolean> {
    if (!this.#isJoined || before === undefined) return false;
    const steps = await this.#membershipSteps();
    const since = steps.filter(({ position }) => position > before.position);
    return valueAt(steps, before.position) === 'join' && since.every(({ value }) => value === 'join');
  }

  /** Where on the main line the user last stopped being joined; `undefined` for those who are or never were. */
  async lastLeave(): Promise<number | undefined> {
    if (this.#isJoined) return undefined;
    const steps = await this.#membershipSteps();
    const joined = steps.findLastIndex(({ value }) => value === 'join');
    return joined < 0 ? undefined : steps[joined + 1]?.position;
  }

  async #visibilityBefore(event: RoomEvent): Promise<HistoryVisibility> {
    const { stateBefore } = event;
    if (stateBefore === undefined) return 'shared';
    if (stateBefore.line === this.room.mainLine) {
      return valueAt(await this.#visibilitySteps(), stateBefore.position) ?? 'shared';
    }
    const read = (one: RoomEvent): HistoryVisibility => historyVisibilityOf(one.pdu);
    return (await this.#read(stateBefore, 'm.room.history_visibility', '', read)) ?? 'shared';
  }

  async #read<T>(
    at: StateReference,
    type: string,
    stateKey: string,
    read: (event: RoomEvent) => T,
  ): Promise<T | undefined> {
    const { context, rooms } = this.#parts;
    const entries = await context.store.rooms.getStateAt(at, [{ type, stateKey }]);
    const event = (await rooms.events.getByNumber(entries.map((one) => one.event)))[0];
    return event === undefined ? undefined : read(event);
  }

  /** "if the user joined the room at any point after the event was sent" */
  async #joinsAfter(event: RoomEvent): Promise<boolean> {
    if (this.#isJoined) return true;
    const from = event.stateBefore?.line === this.room.mainLine ? event.stateBefore.position : 0;
    return (await this.#membershipSteps()).some(({ position, value }) => value === 'join' && position > from);
  }

  /** Whether the user may see the event. */
  async canSee(event: RoomEvent): Promise<boolean> {
    if (event.room !== this.room.number) return false;
    if (await this.seesEverything()) return true;
    return isVisible({
      event: event.pdu,
      userId: this.user,
      visibility: await this.#visibilityBefore(event),
      membership: await this.membershipBefore(event),
      joinedLater: await this.#joinsAfter(event),
    });
  }

  /** The events that the user may see, in their order. */
  async filterVisible(events: readonly RoomEvent[]): Promise<RoomEvent[]> {
    if (await this.seesEverything()) return [...events];
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
