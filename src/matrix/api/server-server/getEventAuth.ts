import { anyObject, array, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the auth chain for a given event. */
export const getEventAuth = endpoint({
  id: 'getEventAuth',
  method: 'GET',
  path: '/_matrix/federation/v1/event_auth/{roomId}/{eventId}',
  access: 'server',
  rateLimited: false,
  response: object({ auth_chain: array(anyObject()) }),
});
