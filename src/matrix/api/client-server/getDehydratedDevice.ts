import { anyObject, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** The dehydrated device that waits for its owner. */
export const getDehydratedDevice = endpoint({
  id: 'getDehydratedDevice',
  method: 'GET',
  path: '/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device',
  access: 'required',
  rateLimited: false,
  response: object({ device_id: string(), device_data: anyObject() }),
  msc: 3814,
});
