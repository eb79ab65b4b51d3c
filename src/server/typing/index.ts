/** Who is typing, in memory only. The face of the folder. */
import type { RoomId, UserId } from '../../matrix/ids.ts';
import type { Timer } from '../../ports/clock.ts';
import type { RoomNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Rooms } from '../rooms/index.ts';

/** "timeout: The length of time in milliseconds to mark this user as typing": never longer than this. */
const TIMEOUT_MAX_MS = 120_000;
const TIMEOUT_DEFAULT_MS = 30_000;

/** A user has begun or goes on typing, or has stopped. */
export interface TypingNews {
  readonly room: RoomNumber;
  readonly user: UserId;
  readonly typing: boolean;
}

/** Other servers say when somebody stops; where they do not, it is taken to have been after so long. */
const REMOTE_TIMEOUT_MS = 60_000;
/** Users of other servers who type in one room at once: further ones are not shown. */
const REMOTE_USERS_MAX = 200;

interface RoomTyping {
  readonly users: Map<UserId, Timer>;
  /** The serial number of the last change. */
  serial: number;
}

export class Typing {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #typing = new Map<RoomNumber, RoomTyping>();
  readonly #listeners: ((news: TypingNews) => void)[] = [];
  #serial = 0;

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
    context.stream.listen((change) => {
      if (change.kind !== 'event') return;
      for (const { user, membership } of change.members ?? []) {
        if (membership !== 'join') this.forget(change.room, user);
      }
    });
  }

  /** Calls `listener` whenever somebody begins, goes on or stops. */
  listen(listener: (news: TypingNews) => void): void {
    this.#listeners.push(listener);
  }

  /** The newest serial number: what a sync token carries. */
  get serial(): number {
    return this.#serial;
  }

  /** Says that a joined user is typing for a while, or has stopped. */
  async set(roomId: RoomId, user: UserId, typing: { timeoutMs: number | undefined } | undefined): Promise<void> {
    const { number } = await this.#rooms.requireJoined(user, roomId);
    const timeoutMs = Math.min(Math.max(typing?.timeoutMs ?? TIMEOUT_DEFAULT_MS, 1), TIMEOUT_MAX_MS);
    if (typing === undefined) this.forget(number, user);
    else this.#begin(number, user, timeoutMs);
  }

  /** A joined user of another server types, or has stopped. */
  receive(number: RoomNumber, user: UserId, typing: boolean): void {
    const users = this.#typing.get(number)?.users;
    if (!typing) this.forget(number, user);
    else if (users === undefined || users.has(user) || users.size < REMOTE_USERS_MAX) {
      this.#begin(number, user, REMOTE_TIMEOUT_MS);
    }
  }

  #begin(number: RoomNumber, user: UserId, timeoutMs: number): void {
    const room = this.#typing.get(number) ?? { users: new Map<UserId, Timer>(), serial: 0 };
    const before = room.users.get(user);
    before?.cancel();
    room.users.set(
      user,
      this.#context.clock.schedule(timeoutMs, () => this.#stop(number, user)),
    );
    this.#typing.set(number, room);
    this.#tell({ room: number, user, typing: true });
    // Typing on is no news to those who see it.
    if (before === undefined) this.#changed(number, room);
  }

  #tell(news: TypingNews): void {
    for (const listener of this.#listeners) listener(news);
  }

  #stop(number: RoomNumber, user: UserId): void {
    const room = this.#typing.get(number);
    if (room?.users.delete(user) !== true) return;
    this.#tell({ room: number, user, typing: false });
    this.#changed(number, room);
  }

  #changed(number: RoomNumber, room: RoomTyping): void {
    this.#serial += 1;
    room.serial = this.#serial;
    this.#context.stream.publish({ kind: 'typing', room: number });
  }

  /** Rooms in which somebody began or stopped after `serial`. */
  *roomsChangedAfter(serial: number): Iterable<RoomNumber> {
    for (const [number, room] of this.#typing) if (room.serial > serial) yield number;
  }

  /** Who is typing in a room, when that changed after `serial`; `undefined` when it did not. */
  changesAfter(number: RoomNumber, serial: number): UserId[] | undefined {
    const room = this.#typing.get(number);
    return room === undefined || room.serial <= serial ? undefined : [...room.users.keys()];
  }

  /** The user types no more. */
  forget(number: RoomNumber, user: UserId): void {
    this.#typing.get(number)?.users.get(user)?.cancel();
    this.#stop(number, user);
  }
}
