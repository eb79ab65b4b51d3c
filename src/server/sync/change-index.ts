/**
 * The per-user change index: for every user with a recent connection, where each of their rooms last changed.
 * An incremental sync walks it from the newest change back to its token: the cost is that of what changed, never
 * that of all joined rooms. Nothing is written to disk per member and event.
 */
import { boundedMap } from '../bounded-map.ts';
import { type DeviceId, serverOf, type UserId } from '../../matrix/ids.ts';
import type { Membership, RoomNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Rooms } from '../rooms/index.ts';
import type { Change } from '../stream/index.ts';
import { type Waiter, Waiters } from './waiters.ts';

/** Users whose index stays in memory. */
const USERS_MAX = 50_000;

/** The user's place in a room, as far as lists of rooms need it. */
export interface RoomPlace {
  readonly membership: Membership;
  readonly position: number;
  /** Whether the user sent the member event: who was kicked or banned did not. */
  readonly byUser: boolean;
  readonly forgotten: boolean;
}

/** Rooms by where something in them last happened, walked from the newest. Touching and walking cost what changed. */
class Recency {
  readonly #positions = new Map<RoomNumber, number>();
  /** Changes in order, newest last; entries that a later one has overtaken are skipped by walkers. */
  #log: { room: RoomNumber; position: number }[] = [];

  touch(room: RoomNumber, position: number): void {
    if ((this.#positions.get(room) ?? -1) >= position) return;
    this.#positions.set(room, position);
    this.#log.push({ room, position });
    if (this.#log.length > 2 * this.#positions.size + 64) this.compact();
  }

  compact(): void {
    this.#log = [...this.#positions]
      .map(([room, position]) => ({ room, position }))
      .toSorted((left, right) => left.position - right.position);
  }

  remove(room: RoomNumber): void {
    this.#positions.delete(room);
  }

  *after(position: number): Iterable<RoomNumber> {
    for (let at = this.#log.length - 1; at >= 0; at -= 1) {
      const entry = this.#log[at];
      if (entry === undefined || entry.position <= position) return;
      if (this.#positions.get(entry.room) === entry.position) yield entry.room;
    }
  }

  positionOf(room: RoomNumber): number {
    return this.#positions.get(room) ?? -1;
  }
}

export interface ToDeviceFacts {
  /** Position of the newest message. */
  readonly newest: number;
  /** Whether messages may lie in the store that the device has not acknowledged. */
  readonly isPending: boolean;
}

/** Where a user's things last changed. */
export class UserIndex {
  readonly user: UserId;
  /** By anything at all: events, receipts, the user's own data. */
  readonly #changes = new Recency();
  /** By events alone: the order of a sliding window. */
  readonly #activity = new Recency();
  /** The user's place in every room. */
  readonly places = new Map<RoomNumber, RoomPlace>();
  accountDataPosition = Number.MAX_SAFE_INTEGER;
  /** What is known of each device's messages; absent where nobody has looked yet. */
  readonly toDevice = new Map<DeviceId, ToDeviceFacts>();

  constructor(user: UserId) {
    this.user = user;
  }

  /** Notes that something of a room changed, and whether that was an event. */
  touch(room: RoomNumber, position: number, isEvent: boolean): void {
    this.#changes.touch(room, position);
    if (isEvent) this.#activity.touch(room, position);
  }

  /** Notes that the user wants to hear no more of a room. */
  forget(room: RoomNumber): void {
    const place = this.places.get(room);
    if (place !== undefined) this.places.set(room, { ...place, forgotten: true });
  }

  /** Takes out a room that is gone. */
  remove(room: RoomNumber): void {
    this.#changes.remove(room);
    this.#activity.remove(room);
    this.places.delete(room);
  }

  /** Puts what was filled from the store, in no order, into order. */
  settle(): void {
    this.#changes.compact();
    this.#activity.compact();
  }

  /** Rooms that changed after `position`, the newest change first. */
  changedAfter(position: number): Iterable<RoomNumber> {
    return this.#changes.after(position);
  }

  hasChangedAfter(position: number): boolean {
    for (const _ of this.#changes.after(position)) return true;
    return false;
  }

  /** Every room, the one with the newest event first. */
  byActivity(): Iterable<RoomNumber> {
    return this.#activity.after(-1);
  }

  /** Where a room last changed; -1 for a room that is not in the index. */
  positionOf(room: RoomNumber): number {
    return this.#changes.positionOf(room);
  }
}

export class ChangeIndex {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #users = boundedMap<UserId, UserIndex>(USERS_MAX);
  readonly #building = new Map<UserId, { index: UserIndex; ready: Promise<UserIndex> }>();
  readonly waiters: Waiters;
  /** Position of the newest change of device lists or of what somebody sees of one; at the start that of everything. */
  deviceListPosition: number;
  /** Newest receipt of each room that changed since the start. */
  readonly #receipts = boundedMap<RoomNumber, number>(100_000);

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
    this.waiters = new Waiters(context.clock);
    this.deviceListPosition = context.store.position;
    context.stream.listen((change) => this.#onChange(change));
  }

  /** The user's index, built from the store by one query where it is not in memory. */
  async get(user: UserId): Promise<UserIndex> {
    const known = this.#users.get(user);
    if (known !== undefined) return known;
    const building = this.#building.get(user) ?? this.#build(user);
    return await building.ready;
  }

  #build(user: UserId): { index: UserIndex; ready: Promise<UserIndex> } {
    // Registered before the first read: what is committed meanwhile touches it, and nothing is missed.
    const index = new UserIndex(user);
    const entry = { index, ready: this.#fill(index) };
    this.#building.set(user, entry);
    return entry;
  }

  async #fill(index: UserIndex): Promise<UserIndex> {
    const { store } = this.#context;
    try {
      for (const row of await store.rooms.listJoinedPositions(index.user)) {
        index.touch(row.room, row.lastPosition, true);
        index.touch(row.room, row.receiptPosition, false);
      }
      for (const row of await store.rooms.listMemberships(index.user)) {
        index.touch(row.room, row.position, !row.forgotten);
        // A change that came while this was read is newer than what was read.
        const { membership, position, forgotten } = row;
        if ((index.places.get(row.room)?.position ?? -1) < position) {
          index.places.set(row.room, { membership, position, forgotten, byUser: row.sender === index.user });
        }
      }
      const rows = await store.userData.listAccountData(index.user, 0, store.position);
      for (const row of rows) if (row.room !== undefined) index.touch(row.room, row.position, false);
      index.settle();
      this.#users.set(index.user, index);
      return index;
    } finally {
      this.#building.delete(index.user);
    }
  }

  /** Whether a room can have receipts newer than `position`. */
  mayHaveReceiptsAfter(room: RoomNumber, position: number): boolean {
    return (this.#receipts.get(room) ?? Number.MAX_SAFE_INTEGER) > position;
  }

  /** Somebody has looked and found no receipt after `position`: until one comes nobody needs to look again. */
  noteNoReceiptsAfter(room: RoomNumber, position: number): void {
    if (!this.#receipts.has(room)) this.#receipts.set(room, position);
  }

  #indexes(user: UserId): UserIndex[] {
    const index = this.#users.peek(user) ?? this.#building.get(user)?.index;
    return index === undefined ? [] : [index];
  }

  /** Resolves when something of the user changed, the time is over, or the client has gone. */
  wait(waiter: Omit<Waiter, 'wake'>): Promise<void> {
    return this.waiters.wait(waiter);
  }

  #onChange(change: Change): void {
    switch (change.kind) {
      case 'event':
      case 'state':
        this.#onEvent(change);
        return;
      case 'receipt':
        this.#receipts.set(change.room, change.position);
        this.#touchRoom(change, change.hidden ? [change.user] : undefined);
        return;
      case 'account-data':
        for (const index of this.#indexes(change.user)) {
          index.accountDataPosition = change.position;
          if (change.room !== undefined) index.touch(change.room, change.position, false);
        }
        this.waiters.wake(change.user);
        return;
      case 'to-device':
        for (const index of this.#indexes(change.user)) {
          index.toDevice.set(change.device, { newest: change.position, isPending: true });
        }
        this.waiters.wakeDevice(change.user, change.device);
        return;
      case 'device-list':
        this.deviceListPosition = change.position;
        this.#wakeSharing(change.user);
        return;
      case 'key-signature':
        this.deviceListPosition = change.position;
        this.waiters.wake(change.user);
        return;
      case 'typing':
        this.#wakeRoom(change.room);
        return;
      case 'session-ended':
        this.waiters.wakeDevice(change.user, change.device);
        return;
      case 'presence':
        this.#wakeSharing(change.user);
        return;
      case 'forgotten':
        this.#users.peek(change.user)?.forget(change.room);
        // What is being read may have been read before this.
        this.#building.get(change.user)?.ready.then(
          (index) => index.forget(change.room),
          () => undefined,
        );
        return;
      case 'purged':
        this.#receipts.delete(change.room);
        for (const user of change.users) this.#users.peek(user)?.remove(change.room);
        return;
      case 'one-time-keys':
      case 'outbound-edu':
        return;
    }
  }

  #onEvent(change: Extract<Change, { kind: 'event' | 'state' }>): void {
    const { members, room, position } = change;
    this.#touchRoom(change, undefined);
    for (const member of members ?? []) {
      this.#touchRoom(change, [member.user]);
      for (const index of this.#indexes(member.user)) {
        const byUser = member.by === member.user;
        index.places.set(room, { membership: member.membership, position, forgotten: false, byUser });
      }
    }
  }

  #touchRoom(
    { kind, room, position }: { kind: 'event' | 'state' | 'receipt'; room: RoomNumber; position: number },
    only: readonly UserId[] | undefined,
  ): void {
    for (const user of only ?? this.#rooms.residentMembers(room) ?? []) {
      for (const index of this.#indexes(user)) index.touch(room, position, kind === 'event');
      this.waiters.wake(user);
    }
  }

  #wakeRoom(room: RoomNumber): void {
    for (const user of this.#rooms.residentMembers(room) ?? []) this.waiters.wake(user);
  }

  /** Wakes whoever shares a room with the user; who does is read in the background. */
  #wakeSharing(user: UserId): void {
    this.waiters.wake(user);
    if (this.waiters.size === 0) return;
    const { log } = this.#context;
    this.#roomsOf(user)
      .then((rooms) => {
        for (const room of rooms) this.#wakeRoom(room);
      })
      .catch((error: unknown) => log.error('waking the users of shared rooms failed', error));
  }

  /** Rooms in which users of this server meet the user, who may be of another. */
  async #roomsOf(user: UserId): Promise<RoomNumber[]> {
    const { store, serverName } = this.#context;
    if (serverOf(user) !== serverName) return await store.federation.listRoomsWithRemoteUser(user);
    return (await store.rooms.listJoinedPositions(user)).map((row) => row.room);
  }
}
