import { integer, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Delete the keys from the backup for a given room. */
export const deleteRoomKeysByRoomId = endpoint({
  id: 'deleteRoomKeysByRoomId',
  method: 'DELETE',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  response: object({ etag: string(), count: integer() }),
});
