import { endpoint } from '../declare.ts';
import { clientDevice } from '../definitions.ts';

/** Get a single device. */
export const getDevice = endpoint({
  id: 'getDevice',
  method: 'GET',
  path: '/_matrix/client/v3/devices/{deviceId}',
  access: 'required',
  rateLimited: false,
  response: clientDevice(),
});
