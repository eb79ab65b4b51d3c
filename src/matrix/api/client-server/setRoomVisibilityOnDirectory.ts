import { anyObject, object, oneOf, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Sets the visibility of a room in the directory. */
export const setRoomVisibilityOnDirectory = endpoint({
  id: 'setRoomVisibilityOnDirectory',
  method: 'PUT',
  path: '/_matrix/client/v3/directory/list/room/{roomId}',
  access: 'required',
  rateLimited: false,
  body: object({ visibility: optional(oneOf(['private', 'public'])) }),
  response: anyObject(),
});
