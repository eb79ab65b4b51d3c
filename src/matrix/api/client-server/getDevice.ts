import { integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get a single device. */
export const getDevice = endpoint({
  id: 'getDevice',
  method: 'GET',
  path: '/_matrix/client/v3/devices/{deviceId}',
  access: 'required',
  rateLimited: false,
  response: object({
    device_id: string(),
    display_name: optional(string()),
    last_seen_ip: optional(string()),
    last_seen_ts: optional(integer()),
  }),
});
