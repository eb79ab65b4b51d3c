import { array, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { clientEvent } from '../definitions.ts';

/** Fetches a list of the threads in a room. */
export const getThreadRoots = endpoint({
  id: 'getThreadRoots',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/{roomId}/threads',
  access: 'required',
  rateLimited: true,
  query: object({
    include: optional(oneOf(['all', 'participated'])),
    limit: optional(integer()),
    from: optional(string()),
  }),
  response: object({
    chunk: array(clientEvent()),
    next_batch: optional(string()),
  }),
});
