import { endpoint } from '../declare.ts';
import { backupVersion } from '../definitions.ts';

/** Get information about the latest backup version. */
export const getRoomKeysVersionCurrent = endpoint({
  id: 'getRoomKeysVersionCurrent',
  method: 'GET',
  path: '/_matrix/client/v3/room_keys/version',
  access: 'required',
  rateLimited: true,
  response: backupVersion(),
});
