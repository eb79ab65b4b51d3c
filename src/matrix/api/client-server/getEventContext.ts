import { anyObject, anything, array, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get events and state around the specified event. */
export const getEventContext = endpoint({
  id: 'getEventContext',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/context/{eventId}',
  access: 'required',
  rateLimited: false,
  query: object({ limit: optional(integer()), filter: optional(string()) }),
  response: object({
    start: optional(string()),
    end: optional(string()),
    events_before: optional(
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
    event: optional(
      object({
        event_id: string(),
        type: string(),
        state_key: optional(string()),
        sender: string(),
        origin_server_ts: integer(),
        content: anyObject(),
        unsigned: optional(object({ redacted_because: optional(anything()) })),
        room_id: string(),
      }),
    ),
    events_after: optional(
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
