import { array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the room ID corresponding to this room alias. */
export const getRoomIdByAlias = endpoint({
  id: 'getRoomIdByAlias',
  method: 'GET',
  path: '/_matrix/client/v3/directory/room/{roomAlias}',
  access: 'none',
  rateLimited: false,
  response: object({ room_id: optional(string()), servers: optional(array(string())) }),
});
