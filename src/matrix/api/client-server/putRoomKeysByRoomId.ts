import { integer, object, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { backupSession } from '../definitions.ts';

/** Store several keys in the backup for a given room. */
export const putRoomKeysByRoomId = endpoint({
  id: 'putRoomKeysByRoomId',
  method: 'PUT',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  body: object({
    sessions: record(backupSession()),
  }),
  response: object({ etag: string(), count: integer() }),
});
