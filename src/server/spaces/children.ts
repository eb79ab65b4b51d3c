/** The children of a space, and their order. Pure. */
import type { RoomId, UserId } from '../../matrix/ids.ts';
import { getString, type JsonObject } from '../../matrix/json.ts';

/** An `m.space.child` event, ours or as another server tells it. */
export interface Child {
  readonly roomId: RoomId;
  readonly sender: UserId;
  readonly content: JsonObject;
  readonly stateKey: string;
  readonly originServerTs: number;
}

type Ordered = Pick<Child, 'content' | 'originServerTs' | 'stateKey'>;

/**
 * "first order the children with a valid `order` key lexicographically …. Then, take the remaining children and order
 * them by the `origin_server_ts` of their `m.space.child` event …. If the timestamps are the same, the children are
 * ordered lexicographically by their room IDs (state keys)".
 */
export function compareChildren(left: Ordered, right: Ordered): number {
  const [a, b] = [orderOf(left), orderOf(right)];
  if (a !== b) {
    if (a === undefined) return 1;
    return b === undefined || a < b ? -1 : 1;
  }
  const age = left.originServerTs - right.originServerTs;
  if (age !== 0) return age;
  const [one, other] = [left.stateKey, right.stateKey];
  return one === other ? 0 : one < other ? -1 : 1;
}

function orderOf({ content }: Ordered): string | undefined {
  const value = getString(content, 'order');
  return value !== undefined && /^[\x20-\x7E]{1,50}$/.test(value) ? value : undefined;
}

/** "represented as Stripped State Events … with an added `origin_server_ts` key" */
export function strippedChild({ sender, content, stateKey, originServerTs }: Child): JsonObject {
  return { type: 'm.space.child', state_key: stateKey, content, sender, origin_server_ts: originServerTs };
}
