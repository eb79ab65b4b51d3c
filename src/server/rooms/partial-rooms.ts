/**
 * Rooms that were joined without their whole state, and whoever waits for the rest of it. They are few: all of them
 * stay in memory.
 */
import { present } from '../../lib/assert.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { PartialRoomRecord, RoomNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Room } from './room.ts';

/** How long a client waits for the members of a room: longer than a room of ten thousand takes. */
const WAIT_MS = 30_000;

export class PartialRooms {
  readonly #context: Context;
  readonly #waiting = new Map<RoomNumber, Set<() => void>>();
  #records: Map<RoomNumber, PartialRoomRecord> | undefined;

  constructor(context: Context) {
    this.#context = context;
    context.metrics.gauge(
      'postern_partial_rooms',
      'Rooms whose state is still being fetched.',
      () => this.#records?.size ?? 0,
    );
  }

  /** What is to be fetched, read once. */
  async all(): Promise<ReadonlyMap<RoomNumber, PartialRoomRecord>> {
    if (this.#records !== undefined) return this.#records;
    const rows = await this.#context.store.federation.listPartialRooms();
    // Somebody else may have read it meanwhile, and changed it since.
    this.#records ??= new Map(rows.map((row) => [row.room, row]));
    return this.#records;
  }

  async find(room: RoomNumber): Promise<PartialRoomRecord | undefined> {
    return (await this.all()).get(room);
  }

  /** The record has been written. */
  note(record: PartialRoomRecord): void {
    present(this.#records, 'what is written has been read before').set(record.room, record);
  }

  /** The room is whole, or nobody here is in it any more: nobody waits for it any longer. */
  remove(room: RoomNumber): void {
    present(this.#records, 'what is deleted has been read before').delete(room);
    const waiting = this.#waiting.get(room) ?? [];
    this.#waiting.delete(room);
    for (const wake of waiting) wake();
  }

  /** Waits until the whole state of a room is here. Throws an error of its own where that takes too long. */
  async whenWhole(room: Room): Promise<void> {
    if (room.partial === undefined) return;
    await this.#ended(room.number);
    // The room may have been loaded anew; what counts is what is known of it now.
    if ((await this.find(room.number)) !== undefined) {
      const message = 'The members of this room are still being fetched from other servers: try again later';
      throw new MatrixError('M_UNKNOWN', message, { status: 504 });
    }
  }

  #ended(room: RoomNumber): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(room) ?? new Set();
      this.#waiting.set(room, waiting);
      const end = (): void => {
        timer.cancel();
        waiting.delete(end);
        resolve();
      };
      const timer = this.#context.clock.schedule(WAIT_MS, end);
      waiting.add(end);
    });
  }
}
