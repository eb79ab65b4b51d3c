import { array, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { clientEvent, soleEvent } from '../definitions.ts';

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
    events_before: optional(array(clientEvent())),
    event: optional(soleEvent()),
    events_after: optional(array(clientEvent())),
    state: optional(array(clientEvent())),
  }),
});
