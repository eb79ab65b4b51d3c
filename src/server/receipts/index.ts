/** Read receipts and the fully-read marker. The face of the folder. */
import { MatrixError } from '../../matrix/errors.ts';
import type { EventId, RoomId, UserId } from '../../matrix/ids.ts';
import type { ReceiptRow, ReceiptType } from '../../ports/store/index.ts';
import type { AccountData } from '../account-data/index.ts';
import type { Context } from '../context.ts';
import type { Room, Rooms } from '../rooms/index.ts';

export interface ReceiptRequest {
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly type: string;
  readonly event: EventId;
  /** `main`, a thread root's event id, or none for an unthreaded receipt. */
  readonly thread: string | undefined;
}

const TYPES: ReadonlySet<string> = new Set(['m.read', 'm.read.private', 'm.fully_read']);

export class Receipts {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #accountData: AccountData;

  constructor(context: Context, rooms: Rooms, accountData: AccountData) {
    this.#context = context;
    this.#rooms = rooms;
    this.#accountData = accountData;
  }

  /** Sets a receipt or the fully-read marker. Only for joined users and events of the room (adv-050). */
  async set(request: ReceiptRequest): Promise<void> {
    const { user, type, thread } = request;
    if (!TYPES.has(type)) throw new MatrixError('M_INVALID_PARAM', 'That is no type of receipt');
    if (thread !== undefined && thread === '') throw new MatrixError('M_INVALID_PARAM', 'thread_id is not empty');
    // "thread_id … with m.fully_read … the server MUST answer with M_INVALID_PARAM".
    if (thread !== undefined && type === 'm.fully_read') {
      throw new MatrixError('M_INVALID_PARAM', 'The fully-read marker has no thread');
    }
    const room = await this.#rooms.requireJoined(user, request.roomId);
    await room.settled;
    const event = await this.#rooms.findEvent(room, request.event);
    if (event === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such event in this room');
    if (type === 'm.fully_read') {
      await this.#accountData.write(user, room.number, 'm.fully_read', { event_id: event.eventId });
      return;
    }
    const { eventId, position } = event;
    const place = { room: room.number, event: eventId, eventPosition: position };
    await this.#write({ ...place, user, type: type as ReceiptType, thread, sentAt: this.#context.clock.now() });
  }

  /**
   * Takes in a public receipt of a user of another server, who is joined. The event may be one that has not arrived
   * here, but none of another room.
   */
  async receive(
    room: Room,
    { user, event, thread, sentAt }: Pick<ReceiptRow, 'user' | 'event' | 'thread' | 'sentAt'>,
  ): Promise<void> {
    await room.settled;
    const known = await this.#rooms.events.find(event);
    if (known !== undefined && known.room !== room.number) return;
    const about = { room: room.number, user, type: 'm.read', thread, event } as const;
    // Nobody has read in the future.
    const readAt = Math.min(sentAt, this.#context.clock.now());
    await this.#write({ ...about, eventPosition: known?.position ?? 0, sentAt: readAt });
  }

  async #write(row: Omit<ReceiptRow, 'position'>): Promise<void> {
    const { store, stream } = this.#context;
    const own = await store.userData.getOwnReceipts(row.user, row.room);
    const before = own.find((one) => one.type === row.type && one.thread === row.thread);
    // A receipt never moves back: a late request of a slow device changes nothing.
    if (before !== undefined && !isAfter(row, before)) return;
    await store.transact((one) => {
      one.userData.setReceipt(row);
      one.onCommit(() =>
        stream.publish({
          kind: 'receipt',
          position: one.position,
          room: row.room,
          user: row.user,
          event: row.event,
          sentAt: row.sentAt,
          thread: row.thread,
          hidden: row.type === 'm.read.private',
        }),
      );
    });
  }
}

/** Whether a receipt moves on from the one before: by their places, or by their times where one has no place here. */
function isAfter(row: Omit<ReceiptRow, 'position'>, before: ReceiptRow): boolean {
  if (row.eventPosition > 0 && before.eventPosition > 0) return row.eventPosition > before.eventPosition;
  return row.event !== before.event && row.sentAt >= before.sentAt;
}
