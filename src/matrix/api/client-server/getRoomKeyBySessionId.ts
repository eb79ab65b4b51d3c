import { object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { backupSession } from '../definitions.ts';

/** Retrieve a key from the backup. */
export const getRoomKeyBySessionId = endpoint({
  id: 'getRoomKeyBySessionId',
  method: 'GET',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  response: backupSession(),
});
