/** The rule for `m.room.aliases`, which room versions 1 to 5 have. */
import { acceptIf, type AuthVerdict } from '../verdict.ts';
import { type AuthContext, senderServer } from './context.ts';

/** "If event has no `state_key`, reject. If sender's domain doesn't match `state_key`, reject. Otherwise, allow." */
export function checkAliases({ event }: AuthContext): AuthVerdict {
  const matches = event.stateKey !== undefined && event.stateKey === senderServer(event);
  return acceptIf(matches, 'aliases.state_key', "the state key is not the sender's server");
}
