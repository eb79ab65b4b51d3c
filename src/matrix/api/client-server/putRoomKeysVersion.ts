import { anyObject, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Update information about an existing backup. */
export const putRoomKeysVersion = endpoint({
  id: 'putRoomKeysVersion',
  method: 'PUT',
  path: '/_matrix/client/v3/room_keys/version/{version}',
  access: 'required',
  rateLimited: true,
  body: object({
    algorithm: oneOf(['m.megolm_backup.v1.curve25519-aes-sha2']),
    auth_data: anyObject(),
    version: optional(string()),
  }),
  response: anyObject(),
});
