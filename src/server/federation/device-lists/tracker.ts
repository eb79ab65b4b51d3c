/** Follows who shares rooms with whom: which lists of others are kept, and who hears of ours. */
import { serverOf, type UserId } from '../../../matrix/ids.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Keys } from '../../keys/index.ts';
import type { Rooms } from '../../rooms/index.ts';
import type { Change, MemberNews } from '../../stream/index.ts';
import type { Typing } from '../../typing/index.ts';
import type { DeviceListAnnouncer } from './announcer.ts';
import { SteadyQueue } from './steady-queue.ts';

export interface TrackerParts {
  readonly context: Context;
  readonly keys: Keys;
  readonly rooms: Rooms;
  readonly typing: Typing;
  readonly announcer: DeviceListAnnouncer;
}

type EventNews = Extract<Change, { kind: 'event' }>;

/** Members whose lists are looked up at once. */
const PAGE = 500;

export class DeviceListTracker {
  readonly #parts: TrackerParts;
  readonly #queue: SteadyQueue;

  constructor(parts: TrackerParts) {
    this.#parts = parts;
    this.#queue = new SteadyQueue(parts.context);
    parts.context.stream.listen((change) => {
      if (change.kind === 'event') this.#onEvent(change);
      else if (change.kind === 'state') this.#onState(change);
    });
  }

  start(): void {
    this.#queue.open();
  }

  /** Resolves when what has begun is done. */
  async close(): Promise<void> {
    await this.#queue.close();
  }

  #onEvent(change: EventNews): void {
    for (const { user, membership, before } of change.members ?? []) {
      if (membership === 'join' && before !== 'join') {
        this.#parts.announcer.joined(user, change.room);
        this.#later(() => this.#eachKept(change.room, (other) => this.#met(other, change.room)));
      } else if (membership !== 'join' && before === 'join') {
        this.#later(() => this.#eachKept(change.room, (other) => this.#parts.keys.remote.lists.forget(other)));
      }
    }
    for (const other of change.others ?? []) this.#later(() => this.#onOther(change.room, other));
  }

  /** The members of a room have become known, and with them servers that have not heard of our users' devices. */
  #onState({ room, servers }: Extract<Change, { kind: 'state' }>): void {
    for (const user of this.#parts.rooms.residentMembers(room) ?? []) {
      this.#parts.announcer.joined(user, room, servers);
    }
    this.#later(() => this.#eachKept(room, (other) => this.#met(other, room)));
  }

  #later(task: () => Promise<void>): void {
    this.#queue.add(task, 'device lists of other servers could not be followed');
  }

  /** A user of another server has joined or left, or a merge of states says so. */
  async #onOther(room: RoomNumber, { user, membership, before }: MemberNews): Promise<void> {
    if (membership !== 'join') {
      this.#parts.typing.forget(room, user);
      await this.#parts.keys.remote.lists.forget(user);
    } else if (before !== 'join') await this.#met(user, room);
  }

  /** What is kept of somebody who was in no room of ours until now has not been kept up to date. */
  async #met(user: UserId, room: RoomNumber): Promise<void> {
    const shared = await this.#parts.context.store.federation.listRoomsWithRemoteUser(user);
    if (shared.length === 1 && shared[0] === room) await this.#parts.keys.remote.lists.distrust(user);
  }

  /** Calls `task` for the members of a room of whom a list is kept. */
  async #eachKept(room: RoomNumber, task: (user: UserId) => Promise<void>): Promise<void> {
    const { store, serverName } = this.#parts.context;
    const members = await store.rooms.getMembers(room, ['join']);
    const users = members.map((row) => row.user).filter((user) => serverOf(user) !== serverName);
    for (let index = 0; index < users.length; index += PAGE) {
      const kept = await store.federation.getRemoteDeviceLists(users.slice(index, index + PAGE));
      for (const { user } of kept) await task(user);
    }
  }
}
