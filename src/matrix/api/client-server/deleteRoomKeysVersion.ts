import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Delete an existing key backup. */
export const deleteRoomKeysVersion = endpoint({
  id: 'deleteRoomKeysVersion',
  method: 'DELETE',
  path: '/_matrix/client/v3/room_keys/version/{version}',
  access: 'required',
  rateLimited: true,
  response: anyObject(),
});
