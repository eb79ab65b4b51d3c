import { endpoint } from '../declare.ts';
import { relationsPage, relationsQuery } from '../definitions.ts';

/** Get the child events for a given parent event, with a given `relType` and `eventType`. */
export const getRelatingEventsWithRelTypeAndEventType = endpoint({
  id: 'getRelatingEventsWithRelTypeAndEventType',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}',
  access: 'required',
  rateLimited: false,
  query: relationsQuery(),
  response: relationsPage(),
});
