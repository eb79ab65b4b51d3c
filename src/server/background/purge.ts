/**
 * Deletion of rooms that nobody here wants to remember. A room whose last local user has forgotten it is unknown at
 * once; its rows go in pieces, and a crash in between is made good at the next start.
 */
import type { PurgeRecord, RoomNumber } from '../../ports/store/index.ts';
import { SerialQueue } from '../../lib/queue.ts';
import type { Timer } from '../../ports/clock.ts';
import type { Context } from '../context.ts';
import type { Rooms } from '../rooms/index.ts';

/** Rows deleted in one transaction: the writer is busy with them for some 20 ms. */
const PIECE = 200;
/** Other servers must hear that the last one of us has left; one that is away for longer has to find out. */
const WAITS_MAX_MS = 7 * 24 * 3_600_000;
const TELLING_MS = 60_000;
/** Rooms that one round begins with. */
const ROOMS_MAX = 1000;

export interface PurgeParts {
  readonly context: Context;
  readonly rooms: Rooms;
  /** Up to where the stream has been sent to every server that answers; `undefined` where nothing is sent. */
  readonly sentUpTo: () => number | undefined;
}

export class Purge {
  readonly #parts: PurgeParts;
  /** One room after another: the disk has other work. */
  readonly #queue = new SerialQueue();
  /** Rooms whose last word is on its way to other servers. */
  readonly #waiting = new Set<RoomNumber>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: PurgeParts) {
    this.#parts = parts;
    parts.context.stream.listen((change) => {
      if (change.kind === 'forgotten') this.#later(() => this.#considerSoon(change.room));
    });
  }

  /** Takes up what a run before has begun: those rooms are unknown from now on. */
  async start(): Promise<void> {
    const { context, rooms } = this.#parts;
    for (const { roomId } of await context.store.purge.listPurges()) rooms.hide(roomId);
    this.#later(() => this.#resume());
  }

  /** Deletes every room that has been forgotten by all. Resolves when they are gone, or the server stops. */
  async run(): Promise<void> {
    this.#later(() => this.#resume());
    const forgotten = await this.#parts.context.store.purge.listForgottenRooms(ROOMS_MAX);
    for (const room of forgotten) this.#later(async () => void (await this.#consider(room)));
    await this.#queue.run(() => Promise.resolve());
  }

  /** Ends after the piece that is on its way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#queue.run(() => Promise.resolve());
  }

  #later(task: () => Promise<void>): void {
    this.#queue
      .run(async () => {
        if (!this.#isClosed) await task();
      })
      .catch((error: unknown) => this.#parts.context.log.error('a forgotten room could not be deleted', error));
  }

  /** Goes on with what was begun: before the start, or before a disk failed. */
  async #resume(): Promise<void> {
    for (const record of await this.#parts.context.store.purge.listPurges()) await this.#delete(record);
  }

  /** Many a client leaves and forgets in one go: then the other servers hear of it within a minute. */
  async #considerSoon(number: RoomNumber): Promise<void> {
    if (await this.#consider(number)) return;
    this.#waiting.add(number);
    this.#timer ??= this.#parts.context.clock.schedule(TELLING_MS, () => {
      this.#timer = undefined;
      for (const room of this.#waiting) this.#later(async () => void (await this.#consider(room)));
      this.#waiting.clear();
    });
  }

  /** Deletes a room where that may be done; false where it has to wait for other servers. */
  async #consider(number: RoomNumber): Promise<boolean> {
    const { context, rooms } = this.#parts;
    const [stored] = await rooms.getRecords([number]);
    if (stored === undefined || !(await this.#isForgotten(number))) return true;
    if (!(await this.#isTold(number))) return false;
    const record = { room: number, roomId: stored.roomId };
    const hasBegun = await rooms.exclusively(number, async (room) => {
      await room.settled;
      if (!(await this.#isForgotten(number))) return false;
      await context.store.transact((one) => {
        one.purge.beginPurge(record);
        one.onCommit(() => rooms.hide(record.roomId));
      });
      return true;
    });
    if (hasBegun) await this.#delete(record);
    return true;
  }

  async #isForgotten(room: RoomNumber): Promise<boolean> {
    const places = await this.#parts.context.store.purge.listPlaces(room);
    return places.length > 0 && places.every((one) => one.forgotten);
  }

  /** Whether the other servers know that nobody here is in the room, or have had long enough to hear of it. */
  async #isTold(room: RoomNumber): Promise<boolean> {
    const { context, rooms, sentUpTo } = this.#parts;
    const { purge } = context.store;
    const sent = sentUpTo();
    const last = await purge.findLastOutbound(room);
    if (sent === undefined || last === undefined) return true;
    if (last <= sent && !(await purge.isSomebodyBehind(room, last))) return true;
    const places = await purge.listPlaces(room);
    const events = await rooms.events.getByNumber(places.map((one) => one.event));
    const leftAt = Math.max(...events.map(({ pdu }) => pdu.originServerTs));
    return leftAt < context.clock.now() - WAITS_MAX_MS;
  }

  async #delete({ room, roomId }: PurgeRecord): Promise<void> {
    const { context, rooms } = this.#parts;
    const { store, stream, log } = context;
    for (;;) {
      const events = await store.purge.listSomeEvents(room, PIECE);
      if (events.length === 0) break;
      if (this.#isClosed) return;
      await store.transact((one) => one.purge.deleteEvents(events));
      for (const event of events) rooms.events.forget(event);
    }
    for (const { line } of await store.rooms.getLines(room)) {
      for (;;) {
        if (this.#isClosed) return;
        const cut = await store.purge.findLogCut(line, PIECE);
        await store.transact((one) => one.purge.deleteLog(line, cut));
        if (cut === undefined) break;
      }
    }
    await rooms.partial.all();
    const users = (await store.purge.listPlaces(room)).map((one) => one.user);
    await store.transact((one) => {
      one.purge.finishPurge(room);
      one.onCommit(() => {
        rooms.drop(room, roomId);
        stream.publish({ kind: 'purged', room, users });
      });
    });
    log.info('a forgotten room was deleted', { room });
  }
}
