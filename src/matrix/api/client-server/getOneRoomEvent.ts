import { anyObject, anything, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get a single event by event ID. */
export const getOneRoomEvent = endpoint({
  id: 'getOneRoomEvent',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/event/{eventId}',
  access: 'required',
  rateLimited: false,
  response: object({
    event_id: string(),
    type: string(),
    state_key: optional(string()),
    sender: string(),
    origin_server_ts: integer(),
    content: anyObject(),
    unsigned: optional(object({ redacted_because: optional(anything()) })),
    room_id: string(),
  }),
});
