import { anyObject, integer, object, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Store several keys in the backup. */
export const putRoomKeys = endpoint({
  id: 'putRoomKeys',
  method: 'PUT',
  path: '/_matrix/client/v3/room_keys/keys',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  body: object({ rooms: record(object({ sessions: record(anyObject()) })) }),
  response: object({ etag: string(), count: integer() }),
});
