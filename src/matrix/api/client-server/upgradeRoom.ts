import { array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Upgrades a room to a new room version. */
export const upgradeRoom = endpoint({
  id: 'upgradeRoom',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/upgrade',
  access: 'required',
  rateLimited: false,
  body: object({ new_version: string(), additional_creators: optional(array(string())) }),
  response: object({ replacement_room: string() }),
});
