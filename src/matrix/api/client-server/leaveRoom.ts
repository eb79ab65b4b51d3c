import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Stop the requesting user participating in a particular room. */
export const leaveRoom = endpoint({
  id: 'leaveRoom',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/leave',
  access: 'required',
  rateLimited: true,
  body: object({ reason: optional(string()) }),
  response: anyObject(),
});
