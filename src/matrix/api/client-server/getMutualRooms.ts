import { array, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the list of rooms that the user shares with another user. */
export const getMutualRooms = endpoint({
  id: 'getMutualRooms',
  method: 'GET',
  path: '/_matrix/client/v1/mutual_rooms',
  access: 'required',
  rateLimited: true,
  query: object({ user_id: string(), from: optional(string()) }),
  response: object({ joined: array(string()), count: integer(), next_batch: optional(string()) }),
});
