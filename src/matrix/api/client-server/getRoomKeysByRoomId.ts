import { anyObject, boolean, integer, object, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Retrieve the keys from the backup for a given room. */
export const getRoomKeysByRoomId = endpoint({
  id: 'getRoomKeysByRoomId',
  method: 'GET',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  response: object({
    sessions: record(
      object({
        first_message_index: integer(),
        forwarded_count: integer(),
        is_verified: boolean(),
        session_data: anyObject(),
      }),
    ),
  }),
});
