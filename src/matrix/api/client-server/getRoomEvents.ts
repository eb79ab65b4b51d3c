import { array, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { clientEvent } from '../definitions.ts';

/** Get a list of events for this room. */
export const getRoomEvents = endpoint({
  id: 'getRoomEvents',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/messages',
  access: 'required',
  rateLimited: false,
  query: object({
    from: optional(string()),
    to: optional(string()),
    dir: oneOf(['b', 'f']),
    limit: optional(integer()),
    filter: optional(string()),
  }),
  response: object({
    start: string(),
    end: optional(string()),
    chunk: array(clientEvent()),
    state: optional(array(clientEvent())),
  }),
});
