/** Rooms: finding them, their state, their members, who may look. The face of the folder. */
import { type BoundedMap, boundedMap } from '../bounded-map.ts';
import { assert, present } from '../../lib/assert.ts';
import { type Deferred, defer } from '../../lib/deferred.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type EventId, type RoomId, serverOf, type ServerName, type UserId } from '../../matrix/ids.ts';
import { findRoomVersion } from '../../matrix/room-versions.ts';
import type {
  Membership,
  MembershipRecord,
  RoomNumber,
  RoomRecord,
  StatePair,
  StateReference,
  Transaction,
} from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import { EventCache, type RoomFormat } from './event-cache.ts';
import { PartialRooms } from './partial-rooms.ts';
import { Room } from './room.ts';
import { RoomServers } from './room-servers.ts';
import type { RoomEvent } from './room-event.ts';

export { type Extremity, Room, type RoomHead } from './room.ts';
export { RoomEvent, type RoomEventFields } from './room-event.ts';
export { EventCache } from './event-cache.ts';
export { RoomServers } from './room-servers.ts';
export { LINE_DEPTH_MAX, Lines } from './lines.ts';

/** Rooms whose head and state stay resident. */
const RESIDENT_ROOMS_MAX = 10_000;

export class Rooms {
  readonly #context: Context;
  readonly events: EventCache;
  readonly partial: PartialRooms;
  readonly #resident: BoundedMap<RoomNumber, Room>;
  /** Rooms in use may not be loaded a second time: two queues would fork the room. */
  readonly #busy = new Map<RoomNumber, { room: Room; users: number }>();
  readonly #loading = new Map<RoomNumber, Promise<Room>>();
  readonly #numbers = boundedMap<RoomId, RoomNumber>(100_000);
  readonly #formats = boundedMap<RoomNumber, RoomFormat>(100_000);
  /** Rooms that are being deleted: unknown already, and not to be made anew before that has ended. */
  readonly #hidden = new Map<RoomId, Deferred<void>>();

  constructor(context: Context) {
    this.#context = context;
    this.#resident = boundedMap(RESIDENT_ROOMS_MAX);
    this.partial = new PartialRooms(context);
    this.events = new EventCache(context.store, (room) => this.#format(room));
  }

  async #format(number: RoomNumber): Promise<RoomFormat> {
    const known = this.#formats.get(number);
    if (known !== undefined) return known;
    const room = await this.get(number);
    return { roomId: room.roomId, rules: room.rules };
  }

  /** The number of a room that this server knows. */
  async findNumber(roomId: RoomId): Promise<RoomNumber | undefined> {
    if (this.#hidden.has(roomId)) return undefined;
    const known = this.#numbers.get(roomId);
    if (known !== undefined) return known;
    const record = await this.#context.store.rooms.findRoom(roomId);
    if (this.#hidden.has(roomId)) return undefined;
    if (record !== undefined) this.#numbers.set(roomId, record.number);
    return record?.number;
  }

  async find(roomId: RoomId): Promise<Room | undefined> {
    const number = await this.findNumber(roomId);
    return number === undefined ? undefined : await this.get(number);
  }

  /** Throws `M_NOT_FOUND`. */
  async require(roomId: RoomId): Promise<Room> {
    const room = await this.find(roomId);
    if (room === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such room');
    return room;
  }

  /** A room that exists, loaded. */
  async get(number: RoomNumber): Promise<Room> {
    const resident = this.#resident.get(number) ?? this.#busy.get(number)?.room;
    if (resident !== undefined) return resident;
    let loading = this.#loading.get(number);
    if (loading === undefined) {
      loading = this.#load(number).finally(() => this.#loading.delete(number));
      this.#loading.set(number, loading);
    }
    return await loading;
  }

  async #load(number: RoomNumber): Promise<Room> {
    const { store } = this.#context;
    const record = present((await store.rooms.getRooms([number]))[0], 'a room with a number exists');
    const rules = present(findRoomVersion(record.version), 'a stored room has a known version');
    this.#formats.set(number, { roomId: record.roomId, rules });
    const entries = await store.rooms.getCurrentStateWithoutMembers(number);
    const localJoined = await store.rooms.getLocalJoined(number);
    const partial = await this.partial.find(number);
    const room = new Room(record, {
      rules,
      state: await this.events.getByNumber(entries.map((one) => one.event)),
      extremities: await store.events.getForwardExtremities(number),
      localJoined,
      servers: await this.#countServers(record, localJoined.length, partial?.servers),
      partial: partial === undefined ? undefined : { joinEvent: partial.joinEvent },
    });
    this.admit(room);
    return room;
  }

  /** Joined users of other servers; read only where there are any. */
  async #countServers(
    { number, joinedCount }: RoomRecord,
    localCount: number,
    told: readonly ServerName[] | undefined,
  ): Promise<RoomServers> {
    const servers = new RoomServers(new Map(), told);
    if (joinedCount === localCount) return servers;
    for (const { user } of await this.#context.store.rooms.getMembers(number, ['join'])) {
      const server = serverOf(user);
      if (server !== undefined && server !== this.#context.serverName) servers.count(server, 1);
    }
    return servers;
  }

  /** Makes a room that was just created or loaded resident. */
  admit(room: Room): void {
    assert(!this.#busy.has(room.number), 'a room in use is not loaded a second time');
    this.#numbers.set(room.roomId, room.number);
    this.#formats.set(room.number, { roomId: room.roomId, rules: room.rules });
    this.#resident.set(room.number, room);
  }

  /**
   * Ties a transaction, after which memory goes on before the disk has it, to the room that it changes. Where it fails,
   * the room is dropped from memory, and whatever was built on it meanwhile fails as well.
   */
  tie(room: Room, transaction: Transaction): void {
    transaction.dependOn(() => room.failure);
    transaction.onFailure((error) => this.#evict(room, error));
  }

  /** What memory says of the room may never have happened. */
  #evict(room: Room, error: Error): void {
    room.failure ??= error;
    this.events.forgetRoom(room.number);
    if (this.#resident.peek(room.number) === room) this.#resident.delete(room.number);
    if (this.#busy.get(room.number)?.room === room) this.#busy.delete(room.number);
  }

  /** Makes a room unknown from now on: its deletion has begun. */
  hide(roomId: RoomId): void {
    this.#hidden.set(roomId, defer());
  }

  /** Resolves at once, or where the room is being deleted when it is gone: then it may be made anew. */
  async untilUnhidden(roomId: RoomId): Promise<void> {
    await this.#hidden.get(roomId)?.promise;
  }

  /** Drops a room that is gone. */
  drop(number: RoomNumber, roomId: RoomId): void {
    this.#resident.delete(number);
    this.#numbers.delete(roomId);
    this.#formats.delete(number);
    this.partial.remove(number);
    this.#hidden.get(roomId)?.resolve();
    this.#hidden.delete(roomId);
  }

  /** Runs `task` in the room's queue; meanwhile the room cannot be loaded a second time. */
  async exclusively<T>(number: RoomNumber, task: (room: Room) => Promise<T>): Promise<T> {
    const room = await this.get(number);
    const busy = this.#busy.get(number) ?? { room, users: 0 };
    busy.users += 1;
    this.#busy.set(number, busy);
    try {
      return await busy.room.queue.run(() => this.#attempt(busy.room, task));
    } finally {
      busy.users -= 1;
      if (busy.users === 0 && this.#busy.get(number) === busy) this.#busy.delete(number);
    }
  }

  /** Where a write has failed while the task waited, it finds the room as the store has it. */
  async #attempt<T>(room: Room, task: (room: Room) => Promise<T>): Promise<T> {
    if (room.failure !== undefined) return await this.exclusively(room.number, task);
    try {
      return await task(room);
    } catch (error) {
      // What was read in vain was never written: that is the reason, whatever tripped over it.
      throw room.failure ?? error;
    }
  }

  /** The local members of a room that is in memory: every room that something was just sent to is. */
  residentMembers(number: RoomNumber): ReadonlySet<UserId> | undefined {
    return (this.#resident.peek(number) ?? this.#busy.get(number)?.room)?.localJoined;
  }

  /** The id of a room that is in memory. */
  residentId(number: RoomNumber): RoomId | undefined {
    return this.#formats.get(number)?.roomId;
  }

  /** Loads member events so that `room.state` can tell them. */
  async ensureMembers(room: Room, users: Iterable<string>): Promise<void> {
    await room.ensureMembers(users, this.#context.store, this.events);
  }

  /**
   * The current member events of users, by user. Of a room of which not all members are known, a sender of `events` is
   * known by the member event that such an event cites.
   */
  async memberEvents(
    room: Room,
    users: Iterable<string>,
    events: readonly RoomEvent[],
  ): Promise<ReadonlyMap<string, RoomEvent>> {
    const wanted = new Set(users);
    await this.ensureMembers(room, wanted);
    const found = new Map<string, RoomEvent>();
    for (const user of wanted) {
      const event = room.state('m.room.member', user);
      if (event !== undefined) found.set(user, event);
    }
    if (room.partial === undefined) return found;
    const claims = events.filter(({ pdu }) => wanted.has(pdu.sender) && !found.has(pdu.sender));
    const cited = await this.events.get(claims.flatMap(({ pdu }) => pdu.authEvents));
    const senders = new Set<string>(claims.map(({ pdu }) => pdu.sender));
    for (const event of cited) {
      const { type, stateKey } = event.pdu;
      if (type === 'm.room.member' && stateKey !== undefined && senders.has(stateKey)) found.set(stateKey, event);
    }
    return found;
  }

  /** The current membership of a user in a room. */
  async membershipOf(room: Room, user: UserId): Promise<string> {
    await this.ensureMembers(room, [user]);
    return room.membershipOf(user);
  }

  /** A local user's place in a room, left and forgotten ones included. */
  async findMembership(user: UserId, room: RoomNumber): Promise<MembershipRecord | undefined> {
    return await this.#context.store.rooms.findMembership(user, room);
  }

  isRemote(user: UserId): boolean {
    return serverOf(user) !== this.#context.serverName;
  }

  /** Whether a local user and another one are joined to the same room. */
  async shareRoom(user: UserId, other: UserId): Promise<boolean> {
    return (await this.#context.store.rooms.listSharedRooms(user, other)).length > 0;
  }

  async listMemberships(user: UserId, memberships?: readonly Membership[]): Promise<MembershipRecord[]> {
    return await this.#context.store.rooms.listMemberships(user, memberships);
  }

  /**
   * The number of a room that the user is or was in. A room that does not exist and one that the user has never been
   * in look alike: `M_FORBIDDEN`.
   */
  async requireMember(user: UserId, roomId: RoomId): Promise<RoomNumber> {
    const number = await this.findNumber(roomId);
    const membership = number === undefined ? undefined : await this.findMembership(user, number);
    if (number === undefined || membership === undefined || membership.forgotten) {
      throw new MatrixError('M_FORBIDDEN', 'You are not a member of this room');
    }
    return number;
  }

  /** The room, for a user who is joined. Throws `M_FORBIDDEN`, also where there is no such room. */
  async requireJoined(user: UserId, roomId: RoomId): Promise<Room> {
    const room = await this.find(roomId);
    if (room === undefined || (await this.membershipOf(room, user)) !== 'join') {
      throw new MatrixError('M_FORBIDDEN', 'You are not joined to this room');
    }
    return room;
  }

  /** The whole state at a reference, or the entries of it that are asked for. */
  async getStateAt(reference: StateReference, pairs?: readonly StatePair[]): Promise<RoomEvent[]> {
    const entries = await this.#context.store.rooms.getStateAt(reference, pairs);
    return await this.events.getByNumber(entries.map((one) => one.event));
  }

  /** An event of this very room: one of another room is as unknown as one that does not exist. */
  async findEvent(room: Room, eventId: EventId): Promise<RoomEvent | undefined> {
    const event = await this.events.find(eventId);
    return event?.room === room.number ? event : undefined;
  }

  /** Every member event of the current state. */
  async getMembers(room: Room, memberships?: readonly Membership[]): Promise<RoomEvent[]> {
    const rows = await this.#context.store.rooms.getMembers(room.number, memberships);
    return await this.events.getByNumber(rows.map((one) => one.event));
  }

  async getRecords(numbers: readonly RoomNumber[]): Promise<RoomRecord[]> {
    return await this.#context.store.rooms.getRooms(numbers);
  }
}
