import { anyObject, number, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Add a tag to a room. */
export const setRoomTag = endpoint({
  id: 'setRoomTag',
  method: 'PUT',
  path: '/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}',
  access: 'required',
  rateLimited: false,
  body: object({ order: optional(number()) }),
  response: anyObject(),
});
