import { array, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Lists the user's current rooms. */
export const getJoinedRooms = endpoint({
  id: 'getJoinedRooms',
  method: 'GET',
  path: '/_matrix/client/v3/joined_rooms',
  access: 'required',
  rateLimited: false,
  response: object({ joined_rooms: array(string()) }),
});
