import { anyObject, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Send a state event to the given room. */
export const setRoomStateWithKey = endpoint({
  id: 'setRoomStateWithKey',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}',
  aliases: ['/_matrix/client/v3/rooms/{roomId}/state/{eventType}'],
  access: 'required',
  rateLimited: false,
  body: anyObject(),
  response: object({ event_id: string() }),
});
