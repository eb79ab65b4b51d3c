import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Remove a mapping of room alias to room ID. */
export const deleteRoomAlias = endpoint({
  id: 'deleteRoomAlias',
  method: 'DELETE',
  path: '/_matrix/client/v3/directory/room/{roomAlias}',
  access: 'required',
  rateLimited: false,
  response: anyObject(),
});
