import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Invite a user to participate in a particular room. */
export const inviteUser = endpoint({
  id: 'inviteUser',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/invite',
  access: 'required',
  rateLimited: true,
  body: object({ user_id: string(), reason: optional(string()) }),
  response: anyObject(),
});
