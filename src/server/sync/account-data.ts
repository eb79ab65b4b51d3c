/** Account data for sync answers: what changed, global and by room. */
import type { UserId } from '../../matrix/ids.ts';
import type { AccountDataRow, RoomNumber, StreamPosition } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import { isInternalType, type PushRules } from '../push-rules/index.ts';

export interface AccountDataChanges {
  readonly global: readonly AccountDataRow[];
  readonly rooms: ReadonlyMap<RoomNumber, readonly AccountDataRow[]>;
}

/** Account data of (from, to]; with `from` 0 all of it, the push rules among it even where nobody has changed them. */
export async function accountDataChanges(
  { store }: Context,
  pushRules: PushRules,
  { user, from, to }: { user: UserId; from: number; to: number },
): Promise<AccountDataChanges> {
  const rows = (await store.userData.listAccountData(user, from as StreamPosition, to as StreamPosition)).filter(
    (one) => !isInternalType(one.type),
  );
  const global: AccountDataRow[] = [];
  const rooms = new Map<RoomNumber, AccountDataRow[]>();
  for (const row of rows) {
    if (row.room === undefined) global.push(row);
    else rooms.set(row.room, [...(rooms.get(row.room) ?? []), row]);
  }
  if (from === 0 && !global.some((one) => one.type === 'm.push_rules')) {
    const content = JSON.stringify({ global: await pushRules.get(user) });
    global.push({ room: undefined, type: 'm.push_rules', content, position: 0 as StreamPosition });
  }
  return { global, rooms };
}

/** Rows as events: "type" and "content". */
export function accountDataEvents(rows: readonly AccountDataRow[]): string[] {
  return rows.map((one) => `{"content":${one.content},"type":${JSON.stringify(one.type)}}`);
}
