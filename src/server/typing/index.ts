/** Who is typing, in memory only. The face of the folder. */
import type { RoomId, UserId } from '../../matrix/ids.ts';
import type { Timer } from '../../ports/clock.ts';
import type { RoomNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Rooms } from '../rooms/index.ts';

/** "timeout: The length of time in milliseconds to mark this user as typing": never longer than this. */
const TIMEOUT_MAX_MS = 120_000;
const TIMEOUT_DEFAULT_MS = 30_000;

interface RoomTyping {
  readonly users: Map<UserId, Timer>;
  /** The serial number of the last change. */
  serial: number;
}

export class Typing {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #typing = new Map<RoomNumber, RoomTyping>();
  #serial = 0;

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /** The newest serial number: what a sync token carries. */
  get serial(): number {
    return this.#serial;
  }

  /** Says that a joined user is typing for a while, or has stopped. */
  async set(roomId: RoomId, user: UserId, typing: { timeoutMs: number | undefined } | undefined): Promise<void> {
    const { number } = await this.#rooms.requireJoined(user, roomId);
    const timeoutMs = Math.min(Math.max(typing?.timeoutMs ?? TIMEOUT_DEFAULT_MS, 1), TIMEOUT_MAX_MS);
    const room = this.#typing.get(number) ?? { users: new Map<UserId, Timer>(), serial: 0 };
    const before = room.users.get(user);
    before?.cancel();
    if (typing === undefined) {
      if (before === undefined) return;
      room.users.delete(user);
    } else {
      room.users.set(
        user,
        this.#context.clock.schedule(timeoutMs, () => this.#stop(number, user)),
      );
      // Typing on is no news.
      if (before !== undefined) return;
    }
    this.#typing.set(number, room);
    this.#changed(number, room);
  }

  #stop(number: RoomNumber, user: UserId): void {
    const room = this.#typing.get(number);
    if (room?.users.delete(user) === true) this.#changed(number, room);
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

  /** A user who has left types no more. */
  forget(number: RoomNumber, user: UserId): void {
    this.#typing.get(number)?.users.get(user)?.cancel();
    this.#stop(number, user);
  }
}
