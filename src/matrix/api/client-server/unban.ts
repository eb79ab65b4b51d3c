import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Unban a user from the room. */
export const unban = endpoint({
  id: 'unban',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/unban',
  access: 'required',
  rateLimited: false,
  body: object({ user_id: string(), reason: optional(string()) }),
  response: anyObject(),
});
