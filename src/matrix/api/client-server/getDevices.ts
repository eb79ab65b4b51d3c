import { array, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** List registered devices for the current user. */
export const getDevices = endpoint({
  id: 'getDevices',
  method: 'GET',
  path: '/_matrix/client/v3/devices',
  access: 'required',
  rateLimited: false,
  response: object({
    devices: optional(
      array(
        object({
          device_id: string(),
          display_name: optional(string()),
          last_seen_ip: optional(string()),
          last_seen_ts: optional(integer()),
        }),
      ),
    ),
  }),
});
