import { MatrixError } from '../../matrix/errors.ts';
import type { Caller } from '../../server/accounts/index.ts';

/** "Suspended users … may not send messages, join or create rooms, change their profile": throws `M_USER_SUSPENDED`. */
export function requireActive(caller: Caller): void {
  if (caller.suspended) throw new MatrixError('M_USER_SUSPENDED', 'This account is suspended');
}
