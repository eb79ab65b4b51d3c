import { anyObject, integer, object, oneOf, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Simplified sliding sync. Deployed clients give `pos` and `timeout` in the query, MSC4186 in the body: both count. */
export const slidingSync = endpoint({
  id: 'slidingSync',
  method: 'POST',
  path: '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync',
  aliases: ['/_matrix/client/v4/sync'],
  access: 'required',
  rateLimited: true,
  query: object({
    pos: optional(string()),
    timeout: optional(integer()),
    set_presence: optional(oneOf(['offline', 'online', 'unavailable'])),
  }),
  body: object({
    conn_id: optional(string()),
    pos: optional(string()),
    timeout: optional(integer()),
    set_presence: optional(oneOf(['offline', 'online', 'unavailable'])),
    lists: optional(record(anyObject())),
    room_subscriptions: optional(record(anyObject())),
    extensions: optional(record(anyObject())),
  }),
  response: object({
    pos: string(),
    lists: optional(record(object({ count: integer() }))),
    rooms: optional(record(anyObject())),
    extensions: optional(anyObject()),
  }),
  msc: 4186,
});
