import { anyObject, integer, object, oneOf, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get information about an existing backup. */
export const getRoomKeysVersion = endpoint({
  id: 'getRoomKeysVersion',
  method: 'GET',
  path: '/_matrix/client/v3/room_keys/version/{version}',
  access: 'required',
  rateLimited: true,
  response: object({
    algorithm: oneOf(['m.megolm_backup.v1.curve25519-aes-sha2']),
    auth_data: anyObject(),
    count: integer(),
    etag: string(),
    version: string(),
  }),
});
