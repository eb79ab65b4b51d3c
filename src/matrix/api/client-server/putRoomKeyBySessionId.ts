import { integer, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { backupSession } from '../definitions.ts';

/** Store a key in the backup. */
export const putRoomKeyBySessionId = endpoint({
  id: 'putRoomKeyBySessionId',
  method: 'PUT',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  body: backupSession(),
  response: object({ etag: string(), count: integer() }),
});
