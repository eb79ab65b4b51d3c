import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Remove a tag from the room. */
export const deleteRoomTag = endpoint({
  id: 'deleteRoomTag',
  method: 'DELETE',
  path: '/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}',
  access: 'required',
  rateLimited: false,
  response: anyObject(),
});
