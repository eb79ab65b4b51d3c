import { array, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { clientDevice } from '../definitions.ts';

/** List registered devices for the current user. */
export const getDevices = endpoint({
  id: 'getDevices',
  method: 'GET',
  path: '/_matrix/client/v3/devices',
  access: 'required',
  rateLimited: false,
  response: object({
    devices: optional(array(clientDevice())),
  }),
});
