import { object, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { backupSession } from '../definitions.ts';

/** Retrieve the keys from the backup for a given room. */
export const getRoomKeysByRoomId = endpoint({
  id: 'getRoomKeysByRoomId',
  method: 'GET',
  path: '/_matrix/client/v3/room_keys/keys/{roomId}',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  response: object({
    sessions: record(backupSession()),
  }),
});
