import { endpoint } from '../declare.ts';
import { relationsPage, relationsQuery } from '../definitions.ts';

/** Get the child events for a given parent event, with a given `relType`. */
export const getRelatingEventsWithRelType = endpoint({
  id: 'getRelatingEventsWithRelType',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}',
  access: 'required',
  rateLimited: false,
  query: relationsQuery(),
  response: relationsPage(),
});
