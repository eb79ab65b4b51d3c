import { anyObject, object, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Retrieve the keys from the backup. */
export const getRoomKeys = endpoint({
  id: 'getRoomKeys',
  method: 'GET',
  path: '/_matrix/client/v3/room_keys/keys',
  access: 'required',
  rateLimited: true,
  query: object({ version: string() }),
  response: object({ rooms: record(object({ sessions: anyObject() })) }),
});
