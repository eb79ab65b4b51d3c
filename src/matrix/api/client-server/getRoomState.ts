import { anyObject, anything, array, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get all state events in the current state of a room. */
export const getRoomState = endpoint({
  id: 'getRoomState',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/state',
  access: 'required',
  rateLimited: false,
  response: array(
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
});
