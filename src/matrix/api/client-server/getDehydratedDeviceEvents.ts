import { anyObject, array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Messages sent to the dehydrated device, page by page. MSC3814 says GET with a query; deployed clients POST. */
export const getDehydratedDeviceEvents = endpoint({
  id: 'getDehydratedDeviceEvents',
  method: 'POST',
  path: '/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device/{device_id}/events',
  access: 'required',
  rateLimited: false,
  body: object({ next_batch: optional(string()) }),
  response: object({ events: array(anyObject()), next_batch: string() }),
  msc: 3814,
});
