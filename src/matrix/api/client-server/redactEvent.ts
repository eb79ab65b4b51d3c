import { object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Strips all non-integrity-critical information out of an event. */
export const redactEvent = endpoint({
  id: 'redactEvent',
  method: 'PUT',
  path: '/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}',
  access: 'required',
  rateLimited: false,
  body: object({ reason: optional(string()) }),
  response: object({ event_id: optional(string()) }),
});
