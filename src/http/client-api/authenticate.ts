/** From an access token to its caller, by the route's access and the account's state. */
import { MatrixError } from '../../matrix/errors.ts';
import type { Caller } from '../../server/accounts/index.ts';
import type { Services } from '../../server/services.ts';
import { tokenOf } from '../kit/access-token.ts';
import type { Incoming } from '../kit/incoming.ts';
import type { Route } from '../kit/route.ts';

/**
 * The caller of a route. Throws `M_MISSING_TOKEN`, `M_UNKNOWN_TOKEN`, `M_USER_LOCKED`, or for guests
 * `M_GUEST_ACCESS_FORBIDDEN`.
 */
export async function authenticate(
  { accounts, devices }: Services,
  incoming: Incoming,
  { endpoint, options }: Route<Caller>,
): Promise<Caller | undefined> {
  if (endpoint.access === 'none') return undefined;
  const token = tokenOf(incoming);
  if (token === undefined) {
    if (endpoint.access === 'optional') return undefined;
    throw new MatrixError('M_MISSING_TOKEN', 'The access token is missing');
  }
  const caller = await accounts.tokens.authenticate(token);
  // "M_USER_LOCKED … the client SHOULD keep its session, but hide what it shows": all but logging out is refused.
  if (caller.locked && options.locked !== true) {
    throw new MatrixError('M_USER_LOCKED', 'This account has been locked', { extra: { soft_logout: true } });
  }
  if (caller.guest && options.guests !== true) {
    throw new MatrixError('M_GUEST_ACCESS_FORBIDDEN', 'Guests may not do this');
  }
  devices.noteSeen(caller.user, caller.device);
  return caller;
}
