import { anyObject, boolean, integer, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Retrieve a key from the backup. */
export const getRoomKeyBySessionId = endpoint({
  id: 'getRoomKeyBySessionId',
  method: 'GET',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  response: object({
    first_message_index: integer(),
    forwarded_count: integer(),
    is_verified: boolean(),
    session_data: anyObject(),
  }),
});
