import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Ban a user in the room. */
export const ban = endpoint({
  id: 'ban',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/ban',
  access: 'required',
  rateLimited: false,
  body: object({ user_id: string(), reason: optional(string()) }),
  response: anyObject(),
});
