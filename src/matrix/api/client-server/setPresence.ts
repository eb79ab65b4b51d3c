import { anyObject, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Update this user's presence state. */
export const setPresence = endpoint({
  id: 'setPresence',
  method: 'PUT',
  path: '/_matrix/client/v3/presence/{userId}/status',
  access: 'required',
  rateLimited: true,
  body: object({ presence: oneOf(['online', 'offline', 'unavailable']), status_msg: optional(string()) }),
  response: anyObject(),
});
