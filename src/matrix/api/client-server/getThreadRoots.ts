import { anyObject, array, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Fetches a list of the threads in a room. */
export const getThreadRoots = endpoint({
  id: 'getThreadRoots',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/{roomId}/threads',
  access: 'required',
  rateLimited: true,
  query: object({
    include: optional(oneOf(['all', 'participated'])),
    limit: optional(integer()),
    from: optional(string()),
  }),
  response: object({
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
    next_batch: optional(string()),
  }),
});
