import { anyObject, array, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { crossSigningKey } from './definitions.ts';

/** Gets all of the user's devices. */
export const getUserDevices = endpoint({
  id: 'getUserDevices',
  method: 'GET',
  path: '/_matrix/federation/v1/user/devices/{userId}',
  access: 'server',
  rateLimited: false,
  response: object({
    user_id: string(),
    stream_id: integer(),
    devices: array(object({ device_id: string(), keys: anyObject(), device_display_name: optional(string()) })),
    master_key: optional(crossSigningKey()),
    self_signing_key: optional(crossSigningKey()),
  }),
});
