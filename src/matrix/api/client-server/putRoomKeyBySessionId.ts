import { anyObject, boolean, integer, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Store a key in the backup. */
export const putRoomKeyBySessionId = endpoint({
  id: 'putRoomKeyBySessionId',
  method: 'PUT',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  body: object({
    first_message_index: integer(),
    forwarded_count: integer(),
    is_verified: boolean(),
    session_data: anyObject(),
  }),
  response: object({ etag: string(), count: integer() }),
});
