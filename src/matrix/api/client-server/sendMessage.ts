import { anyObject, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Send a message event to the given room. */
export const sendMessage = endpoint({
  id: 'sendMessage',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}',
  access: 'required',
  rateLimited: false,
  body: anyObject(),
  response: object({ event_id: string() }),
});
