import { anyObject, object, oneOf, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Create a new backup. */
export const postRoomKeysVersion = endpoint({
  id: 'postRoomKeysVersion',
  method: 'POST',
  path: '/_matrix/client/v3/room_keys/version',
  access: 'required',
  rateLimited: true,
  body: object({ algorithm: oneOf(['m.megolm_backup.v1.curve25519-aes-sha2']), auth_data: anyObject() }),
  response: object({ version: string() }),
});
