import { integer, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Delete the keys from the backup. */
export const deleteRoomKeys = endpoint({
  id: 'deleteRoomKeys',
  method: 'DELETE',
  path: '/_matrix/client/v3/room_keys/keys',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  response: object({ etag: string(), count: integer() }),
});
