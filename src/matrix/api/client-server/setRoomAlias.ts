import { anyObject, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Create a new mapping from room alias to room ID. */
export const setRoomAlias = endpoint({
  id: 'setRoomAlias',
  method: 'PUT',
  path: '/_matrix/client/v3/directory/room/{roomAlias}',
  access: 'required',
  rateLimited: false,
  body: object({ room_id: string() }),
  response: anyObject(),
});
