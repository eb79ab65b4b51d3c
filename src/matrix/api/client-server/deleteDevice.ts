import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Delete a device. */
export const deleteDevice = endpoint({
  id: 'deleteDevice',
  method: 'DELETE',
  path: '/_matrix/client/v3/devices/{deviceId}',
  access: 'required',
  rateLimited: false,
  body: object({ auth: optional(object({ type: optional(string()), session: optional(string()) })) }),
  response: anyObject(),
});
