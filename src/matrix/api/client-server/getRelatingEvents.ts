import { endpoint } from '../declare.ts';
import { relationsPage, relationsQuery } from '../definitions.ts';

/** Get the child events for a given parent event. */
export const getRelatingEvents = endpoint({
  id: 'getRelatingEvents',
  method: 'GET',
  path: '/_matrix/client/v1/rooms/{roomId}/relations/{eventId}',
  access: 'required',
  rateLimited: false,
  query: relationsQuery(),
  response: relationsPage(),
});
