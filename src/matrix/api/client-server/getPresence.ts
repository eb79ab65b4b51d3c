import { anything, boolean, integer, object, oneOf, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get this user's presence state. */
export const getPresence = endpoint({
  id: 'getPresence',
  method: 'GET',
  path: '/_matrix/client/v3/presence/{userId}/status',
  access: 'required',
  rateLimited: false,
  response: object({
    presence: oneOf(['online', 'offline', 'unavailable']),
    last_active_ago: optional(integer()),
    status_msg: optional(anything()),
    currently_active: optional(boolean()),
  }),
});
