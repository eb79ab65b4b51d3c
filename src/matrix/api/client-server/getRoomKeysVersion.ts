import { endpoint } from '../declare.ts';
import { backupVersion } from '../definitions.ts';

/** Get information about an existing backup. */
export const getRoomKeysVersion = endpoint({
  id: 'getRoomKeysVersion',
  method: 'GET',
  path: '/_matrix/client/v3/room_keys/version/{version}',
  access: 'required',
  rateLimited: true,
  response: backupVersion(),
});
