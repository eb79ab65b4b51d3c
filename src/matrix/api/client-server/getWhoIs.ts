import { anything, array, object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets information about a particular user. */
export const getWhoIs = endpoint({
  id: 'getWhoIs',
  method: 'GET',
  path: '/_matrix/client/v3/admin/whois/{userId}',
  access: 'required',
  rateLimited: false,
  response: object({
    user_id: optional(string()),
    devices: optional(record(object({ sessions: optional(array(anything())) }))),
  }),
});
