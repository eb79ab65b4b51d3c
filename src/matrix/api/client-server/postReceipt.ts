import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Send a receipt for the given event ID. */
export const postReceipt = endpoint({
  id: 'postReceipt',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}',
  access: 'required',
  rateLimited: true,
  body: object({ thread_id: optional(string()) }),
  response: anyObject(),
});
