import { anyObject, array, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get a list of events for this room. */
export const getRoomEvents = endpoint({
  id: 'getRoomEvents',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/messages',
  access: 'required',
  rateLimited: false,
  query: object({
    from: optional(string()),
    to: optional(string()),
    dir: oneOf(['b', 'f']),
    limit: optional(integer()),
    filter: optional(string()),
  }),
  response: object({
    start: string(),
    end: optional(string()),
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
    state: optional(
      array(
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
    ),
  }),
});
