import { object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Deletes the dehydrated device. */
export const deleteDehydratedDevice = endpoint({
  id: 'deleteDehydratedDevice',
  method: 'DELETE',
  path: '/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device',
  access: 'required',
  rateLimited: false,
  response: object({ device_id: string() }),
  msc: 3814,
});
