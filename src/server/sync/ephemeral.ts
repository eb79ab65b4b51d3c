/** Receipts and typing of one room as ephemeral events. */
import type { UserId } from '../../matrix/ids.ts';
import type { ReceiptRow, RoomNumber, StreamPosition } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Typing } from '../typing/index.ts';
import type { ChangeIndex } from './change-index.ts';

export class Ephemeral {
  readonly #context: Context;
  readonly #typing: Typing;
  readonly #index: ChangeIndex;

  constructor(context: Context, typing: Typing, index: ChangeIndex) {
    this.#context = context;
    this.#typing = typing;
    this.#index = index;
  }

  /** The content of `m.receipt` for what changed in (from, to]; `undefined` where nothing did. */
  async receipts(room: RoomNumber, user: UserId, from: number, to: number): Promise<object | undefined> {
    if (!this.#index.mayHaveReceiptsAfter(room, from)) return undefined;
    const rows = await this.#context.store.userData.listReceipts(
      room,
      user,
      from as StreamPosition,
      to as StreamPosition,
    );
    if (rows.length > 0) return receiptContent(rows);
    this.#index.noteNoReceiptsAfter(room, from);
    return undefined;
  }

  /** The content of `m.typing` where it changed after `serial`. */
  typing(room: RoomNumber, serial: number): object | undefined {
    const users = this.#typing.changesAfter(room, serial);
    return users === undefined ? undefined : { user_ids: users };
  }
}

/** "$event → receipt type → user → ts, thread_id". */
function receiptContent(rows: readonly ReceiptRow[]): object {
  const content = new Map<string, Map<string, Map<string, object>>>();
  for (const { event, type, user, sentAt, thread } of rows) {
    const ofEvent = content.get(event) ?? new Map<string, Map<string, object>>();
    const ofType = ofEvent.get(type) ?? new Map<string, object>();
    // One user may have an unthreaded and a threaded receipt on one event: the unthreaded one says more.
    if (!(ofType.has(user) && thread !== undefined)) {
      ofType.set(user, { ts: sentAt, ...(thread !== undefined && { thread_id: thread }) });
    }
    content.set(event, ofEvent.set(type, ofType));
  }
  const plain = [...content].map(([event, types]) => [
    event,
    Object.fromEntries([...types].map(([type, users]) => [type, Object.fromEntries(users)])),
  ]);
  return Object.fromEntries(plain) as object;
}
