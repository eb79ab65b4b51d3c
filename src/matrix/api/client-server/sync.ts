import { anyObject, array, boolean, integer, object, oneOf, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Synchronise the client's state and receive new messages. */
export const sync = endpoint({
  id: 'sync',
  method: 'GET',
  path: '/_matrix/client/v3/sync',
  access: 'required',
  rateLimited: false,
  query: object({
    filter: optional(string()),
    since: optional(string()),
    full_state: optional(boolean()),
    set_presence: optional(oneOf(['offline', 'online', 'unavailable'])),
    timeout: optional(integer()),
    use_state_after: optional(boolean()),
    'org.matrix.msc4222.use_state_after': optional(boolean()),
  }),
  response: object({
    next_batch: string(),
    rooms: optional(
      object({
        join: optional(record(anyObject())),
        invite: optional(record(anyObject())),
        knock: optional(record(anyObject())),
        leave: optional(record(anyObject())),
      }),
    ),
    presence: optional(object({ events: optional(array(anyObject())) })),
    account_data: optional(object({ events: optional(array(anyObject())) })),
    to_device: optional(anyObject()),
    device_lists: optional(anyObject()),
    device_one_time_keys_count: optional(record(integer())),
  }),
});
