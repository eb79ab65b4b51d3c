/**
 * The per-user change index: for every user with a recent connection, where each of their rooms last changed.
 * An incremental sync walks it from the newest change back to its token: the cost is that of what changed, never
 * that of all joined rooms. Nothing is written to disk per member and event.
 */
import { LRUCache } from 'lru-cache';
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { RoomNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Rooms } from '../rooms/index.ts';
import type { Change } from '../stream/index.ts';
import { type Waiter, Waiters } from './waiters.ts';

/** Users whose index stays in memory. */
const USERS_MAX = 50_000;

/** Where a user's things last changed. */
export class UserIndex {
  readonly user: UserId;
  /** Room → last position, in the order of the changes. */
  readonly #rooms = new Map<RoomNumber, number>();
  /** Changes in order, newest last; entries that a later one has overtaken are skipped by walkers. */
  #log: { room: RoomNumber; position: number }[] = [];
  accountDataPosition = Number.MAX_SAFE_INTEGER;
  /** Position of the newest message for each device; absent where nobody knows yet. */
  readonly toDevice = new Map<DeviceId, number>();

  constructor(user: UserId) {
    this.user = user;
  }

  /** Notes that a room changed. Positions of one room may arrive out of order while an index is being built. */
  touch(room: RoomNumber, position: number): void {
    if ((this.#rooms.get(room) ?? -1) >= position) return;
    this.#rooms.set(room, position);
    this.#log.push({ room, position });
    if (this.#log.length > 2 * this.#rooms.size + 64) this.#compact();
  }

  #compact(): void {
    this.#log = [...this.#rooms]
      .map(([room, position]) => ({ room, position }))
      .toSorted((left, right) => left.position - right.position);
  }

  /** Puts the log of an index that was filled from the store into order. */
  settle(): void {
    this.#compact();
  }

  /** Rooms that changed after `position`, the newest change first. */
  *changedAfter(position: number): Iterable<RoomNumber> {
    for (let at = this.#log.length - 1; at >= 0; at -= 1) {
      const entry = this.#log[at];
      if (entry === undefined || entry.position <= position) return;
      if (this.#rooms.get(entry.room) === entry.position) yield entry.room;
    }
  }

  /** Every room of the index, the newest change first. */
  all(): Iterable<RoomNumber> {
    return this.changedAfter(-1);
  }

  /** Where a room last changed; -1 for a room that is not in the index. */
  positionOf(room: RoomNumber): number {
    return this.#rooms.get(room) ?? -1;
  }
}

export class ChangeIndex {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #users = new LRUCache<UserId, UserIndex>({ max: USERS_MAX });
  readonly #building = new Map<UserId, { index: UserIndex; ready: Promise<UserIndex> }>();
  readonly waiters: Waiters;
  /** Position of the newest change of anybody's device list. */
  deviceListPosition = Number.MAX_SAFE_INTEGER;
  /** Newest receipt of each room that changed since the start. */
  readonly #receipts = new LRUCache<RoomNumber, number>({ max: 100_000 });

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
    this.waiters = new Waiters(context.clock);
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
        index.touch(row.room, Math.max(row.lastPosition, row.receiptPosition));
      }
      for (const row of await store.rooms.listMemberships(index.user)) {
        if (!row.forgotten) index.touch(row.room, row.position);
      }
      const rows = await store.userData.listAccountData(index.user, 0, store.position);
      for (const row of rows) if (row.room !== undefined) index.touch(row.room, row.position);
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
        this.#onEvent(change);
        return;
      case 'receipt':
        this.#receipts.set(change.room, change.position);
        this.#touchRoom(change.room, change.position, change.hidden ? [change.user] : undefined);
        return;
      case 'account-data':
        for (const index of this.#indexes(change.user)) {
          if (change.room === undefined) index.accountDataPosition = change.position;
          else index.touch(change.room, change.position);
        }
        this.waiters.wake(change.user);
        return;
      case 'to-device':
        for (const index of this.#indexes(change.user)) index.toDevice.set(change.device, change.position);
        this.waiters.wakeDevice(change.user, change.device);
        return;
      case 'device-list':
        this.deviceListPosition = change.position;
        this.#wakeSharing(change.user);
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
      case 'one-time-keys':
        return;
    }
  }

  #onEvent(change: Extract<Change, { kind: 'event' }>): void {
    const { member, room, position } = change;
    this.#touchRoom(room, position, undefined);
    if (member !== undefined) this.#touchRoom(room, position, [member.user]);
  }

  #touchRoom(room: RoomNumber, position: number, only: readonly UserId[] | undefined): void {
    const users = only ?? this.#rooms.residentMembers(room);
    for (const user of users ?? []) {
      for (const index of this.#indexes(user)) index.touch(room, position);
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
    const { store, log } = this.#context;
    store.rooms
      .listJoinedPositions(user)
      .then((rows) => {
        for (const { room } of rows) this.#wakeRoom(room);
      })
      .catch((error: unknown) => log.error('waking the users of shared rooms failed', error));
  }
}
