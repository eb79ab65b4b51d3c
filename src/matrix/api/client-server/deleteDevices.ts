import { anyObject, array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Bulk deletion of devices. */
export const deleteDevices = endpoint({
  id: 'deleteDevices',
  method: 'POST',
  path: '/_matrix/client/v3/delete_devices',
  access: 'required',
  rateLimited: false,
  body: object({
    devices: array(string()),
    auth: optional(object({ type: optional(string()), session: optional(string()) })),
  }),
  response: anyObject(),
});
