import { anyObject, boolean, integer, object, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Store several keys in the backup for a given room. */
export const putRoomKeysByRoomId = endpoint({
  id: 'putRoomKeysByRoomId',
  method: 'PUT',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  body: object({
    sessions: record(
      object({
        first_message_index: integer(),
        forwarded_count: integer(),
        is_verified: boolean(),
        session_data: anyObject(),
      }),
    ),
  }),
  response: object({ etag: string(), count: integer() }),
});
