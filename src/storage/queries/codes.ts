import type { EventStatus, Membership } from '../../ports/store/index.ts';
import { present } from '../../lib/assert.ts';

const STATUSES: readonly EventStatus[] = ['accepted', 'soft-failed', 'rejected', 'outlier'];
const MEMBERSHIPS: readonly Membership[] = ['join', 'invite', 'leave', 'ban', 'knock'];

/** In the current state: an entry that is no member event. */
export const NO_MEMBERSHIP = 0;

/** The number that stands for a status in the tables. */
export function statusCode(status: EventStatus): number {
  return STATUSES.indexOf(status);
}

/** The status a number stands for. */
export function statusOf(code: number): EventStatus {
  return present(STATUSES[code], 'a stored status is known');
}

/** The number that stands for a membership in the tables: from 1, in the order of the specification's list. */
export function membershipCode(membership: Membership): number {
  return MEMBERSHIPS.indexOf(membership) + 1;
}

/** The membership a number stands for. */
export function membershipOf(code: number): Membership {
  return present(MEMBERSHIPS[code - 1], 'a stored membership is known');
}

/** Numbers of `memberships`, or of all of them. */
export function membershipCodes(memberships: readonly Membership[] | undefined): number[] {
  return (memberships ?? MEMBERSHIPS).map(membershipCode);
}
