import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Create or update a device. */
export const updateDevice = endpoint({
  id: 'updateDevice',
  method: 'PUT',
  path: '/_matrix/client/v3/devices/{deviceId}',
  access: 'required',
  rateLimited: false,
  body: object({ display_name: optional(string()) }),
  response: anyObject(),
});
