import { array, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Query for the room ID and resident homeservers for a room alias. */
export const queryRoomDirectory = endpoint({
  id: 'queryRoomDirectory',
  method: 'GET',
  path: '/_matrix/federation/v1/query/directory',
  access: 'server',
  rateLimited: false,
  query: object({ room_alias: string() }),
  response: object({ room_id: string(), servers: array(string()) }),
});
