import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Kick a user from the room. */
export const kick = endpoint({
  id: 'kick',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/kick',
  access: 'required',
  rateLimited: false,
  body: object({ user_id: string(), reason: optional(string()) }),
  response: anyObject(),
});
