/** The order of a space's children. Pure. */
import type { Pdu } from '../../matrix/events.ts';
import { getString } from '../../matrix/json.ts';

type ChildEvent = { readonly pdu: Pick<Pdu, 'content' | 'originServerTs' | 'stateKey'> };

/**
 * "first order the children with a valid `order` key lexicographically …. Then, take the remaining children and order
 * them by the `origin_server_ts` of their `m.space.child` event …. If the timestamps are the same, the children are
 * ordered lexicographically by their room IDs (state keys)".
 */
export function compareChildren(left: ChildEvent, right: ChildEvent): number {
  const [a, b] = [orderOf(left), orderOf(right)];
  if (a !== b) {
    if (a === undefined) return 1;
    return b === undefined || a < b ? -1 : 1;
  }
  const age = left.pdu.originServerTs - right.pdu.originServerTs;
  if (age !== 0) return age;
  const [one, other] = [left.pdu.stateKey ?? '', right.pdu.stateKey ?? ''];
  return one === other ? 0 : one < other ? -1 : 1;
}

function orderOf({ pdu }: ChildEvent): string | undefined {
  const value = getString(pdu.content, 'order');
  return value !== undefined && /^[\x20-\x7E]{1,50}$/.test(value) ? value : undefined;
}
