/** Whose devices a user has to look up again (client-server API, "Tracking the device list for a user"). */
import type { UserId } from '../../matrix/ids.ts';
import { getString } from '../../matrix/json.ts';
import type { MembershipRecord, RoomNumber, StreamPosition } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { RoomEvent, Rooms } from '../rooms/index.ts';
import { RoomView } from '../timeline/index.ts';

export interface DeviceListChanges {
  readonly changed: readonly UserId[];
  readonly left: readonly UserId[];
}

/** Member changes of one room in the range that an answer covers. */
export interface RoomMemberChanges {
  readonly room: RoomNumber;
  /** The asker joined in the range: everybody in the room is new. */
  readonly newlyJoined: boolean;
  /** The asker, who had been in the room, left in the range. */
  readonly newlyLeft: boolean;
  readonly members: readonly RoomEvent[];
}

export class DeviceLists {
  readonly #context: Context;
  readonly #rooms: Rooms;

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /**
   * "changed: List of users who have updated their device identity or cross-signing keys, or who now share an encrypted
   * room"; "left: … with whom we do not share any encrypted rooms anymore since the previous sync response".
   */
  async changes(
    user: UserId,
    from: StreamPosition,
    to: StreamPosition,
    rooms: readonly RoomMemberChanges[],
  ): Promise<DeviceListChanges> {
    const { store } = this.#context;
    const updated = await store.keys.listDeviceListChanges(user, from, to);
    const { met, parted } = await this.#movements(user, rooms);
    if (updated.length === 0 && met.size === 0 && parted.size === 0) return { changed: [], left: [] };
    const sharing = await this.#sharing(user, [...updated, ...met, ...parted]);
    const changed = new Set([...updated, ...met].filter((one) => sharing.has(one)));
    return { changed: [...changed], left: [...parted].filter((one) => !sharing.has(one)) };
  }

  async #movements(
    user: UserId,
    rooms: readonly RoomMemberChanges[],
  ): Promise<{ met: Set<UserId>; parted: Set<UserId> }> {
    const met = new Set<UserId>();
    const parted = new Set<UserId>();
    for (const { room, newlyJoined, newlyLeft, members } of rooms) {
      if (newlyJoined || newlyLeft) {
        const rows = await this.#context.store.rooms.getMembers(room, ['join']);
        for (const row of rows) (newlyJoined ? met : parted).add(row.user);
      }
      for (const { pdu } of members) {
        const other = pdu.stateKey as UserId;
        if (getString(pdu.content, 'membership') === 'join') met.add(other);
        else parted.add(other);
      }
    }
    met.delete(user);
    parted.delete(user);
    return { met, parted };
  }

  /** Which of the users share a room with the asker; everybody shares with themselves. */
  async #sharing(user: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
    const sharing = new Set<UserId>([user]);
    // Few are asked one by one, many by one list of everybody.
    if (new Set(others).size > SINGLE_MAX) {
      for (const one of await this.#context.store.rooms.listUsersSharingRooms(user)) sharing.add(one);
      return sharing;
    }
    for (const other of new Set(others)) {
      if ((await this.#context.store.rooms.listSharedRooms(user, other)).length > 0) sharing.add(other);
    }
    return sharing;
  }

  /** The same for a range that no sync answer has computed: what `/keys/changes` tells. */
  async changesBetween(user: UserId, from: StreamPosition, to: StreamPosition): Promise<DeviceListChanges> {
    return await this.changesIn(user, { from, to, places: await this.#context.store.rooms.listMemberships(user) });
  }

  /** The same, where it is known which rooms have changed in the range. */
  async changesIn(
    user: UserId,
    { from, to, places }: { from: StreamPosition; to: StreamPosition; places: Iterable<ChangedPlace> },
  ): Promise<DeviceListChanges> {
    const rooms: RoomMemberChanges[] = [];
    for (const row of places) {
      const inRange = row.position > from && row.position <= to;
      if (row.membership !== 'join' && !(inRange && (await this.#hasLeft(user, row)))) continue;
      const newlyJoined = row.membership === 'join' && (inRange || (await this.#hasLearnt(row.room, from, to)));
      const members = row.membership === 'join' && !newlyJoined ? await this.#memberEvents(row.room, from, to) : [];
      rooms.push({ room: row.room, newlyJoined, newlyLeft: row.membership !== 'join', members });
    }
    return await this.changes(user, from, to, rooms);
  }

  /** Whether the members of a room became known in the range: everybody in it is new then. */
  async #hasLearnt(room: RoomNumber, from: number, to: number): Promise<boolean> {
    const loaded = await this.#rooms.get(room);
    return loaded.wasPartialAt(from) && !loaded.wasPartialAt(to);
  }

  /** Whoever was only invited, or has knocked, or was banned from outside, does not learn who is in the room. */
  async #hasLeft(user: UserId, { room, membership }: ChangedPlace): Promise<boolean> {
    if (membership !== 'leave' && membership !== 'ban') return false;
    const view = await RoomView.open(await this.#rooms.get(room), user, { context: this.#context, rooms: this.#rooms });
    return await view.everJoined();
  }

  async #memberEvents(room: RoomNumber, from: number, to: number): Promise<RoomEvent[]> {
    const loaded = await this.#rooms.get(room);
    if (loaded.head.lastPosition <= from) return [];
    const found: RoomEvent[] = [];
    for (let at = from; ; ) {
      const rows = await this.#context.store.events.pageTimeline({
        room,
        from: at,
        to,
        direction: 'forwards',
        limit: PAGE,
      });
      found.push(...(await this.#rooms.events.load(rows)).filter(({ pdu }) => pdu.type === 'm.room.member'));
      const last = rows.at(-1);
      if (rows.length < PAGE || last === undefined) return found;
      at = last.position;
    }
  }
}

/** A room, and the asker's place in it. */
export type ChangedPlace = Pick<MembershipRecord, 'room' | 'membership' | 'position'>;

const SINGLE_MAX = 20;
const PAGE = 500;
