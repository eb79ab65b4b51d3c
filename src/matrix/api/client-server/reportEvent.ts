import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Report an event in a joined room as inappropriate. */
export const reportEvent = endpoint({
  id: 'reportEvent',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/report/{eventId}',
  access: 'required',
  rateLimited: false,
  body: object({ reason: optional(string()) }),
  response: anyObject(),
});
