import { integer, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Delete a key from the backup. */
export const deleteRoomKeyBySessionId = endpoint({
  id: 'deleteRoomKeyBySessionId',
  method: 'DELETE',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  response: object({ etag: string(), count: integer() }),
});
