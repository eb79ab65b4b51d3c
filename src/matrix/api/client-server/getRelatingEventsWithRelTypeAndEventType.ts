import { anyObject, array, boolean, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the child events for a given parent event, with a given `relType` and `eventType`. */
export const getRelatingEventsWithRelTypeAndEventType = endpoint({
  id: 'getRelatingEventsWithRelTypeAndEventType',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}',
  access: 'required',
  rateLimited: false,
  query: object({
    from: optional(string()),
    to: optional(string()),
    limit: optional(integer()),
    dir: optional(oneOf(['b', 'f'])),
    recurse: optional(boolean()),
  }),
  response: object({
    next_batch: optional(string()),
    prev_batch: optional(string()),
    recursion_depth: optional(integer()),
    chunk: array(
      object({
        event_id: string(),
        type: string(),
        state_key: optional(string()),
        sender: string(),
        origin_server_ts: integer(),
        content: anyObject(),
        unsigned: optional(anyObject()),
        room_id: string(),
      }),
    ),
  }),
});
