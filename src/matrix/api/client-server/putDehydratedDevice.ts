import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Stores a dehydrated device in the place of the one before. */
export const putDehydratedDevice = endpoint({
  id: 'putDehydratedDevice',
  method: 'PUT',
  path: '/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device',
  access: 'required',
  rateLimited: false,
  body: object({
    device_id: string(),
    device_data: anyObject(),
    initial_device_display_name: optional(string()),
    device_keys: anyObject(),
    one_time_keys: optional(anyObject()),
    fallback_keys: optional(anyObject()),
  }),
  response: object({ device_id: string() }),
  msc: 3814,
});
