import { anyObject, integer, object, oneOf, optional, string, union } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the state identified by the type and key. */
export const getRoomStateWithKey = endpoint({
  id: 'getRoomStateWithKey',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}',
  aliases: ['/_matrix/client/v3/rooms/{roomId}/state/{eventType}'],
  access: 'required',
  rateLimited: false,
  query: object({ format: optional(oneOf(['content', 'event'])) }),
  response: union([
    anyObject(),
    object({
      content: anyObject(),
      type: string(),
      event_id: string(),
      sender: string(),
      origin_server_ts: integer(),
      unsigned: optional(object({ age: optional(integer()) })),
      room_id: string(),
      state_key: string(),
    }),
  ]),
});
