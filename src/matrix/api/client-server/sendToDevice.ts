import { anyObject, object, record } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Send an event to a given set of devices. */
export const sendToDevice = endpoint({
  id: 'sendToDevice',
  method: 'PUT',
  path: '/_matrix/client/v3/sendToDevice/{eventType}/{txnId}',
  access: 'required',
  rateLimited: false,
  body: object({ messages: record(record(anyObject())) }),
  response: anyObject(),
});
