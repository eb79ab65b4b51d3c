import { anyObject, array, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get all the state of a given room. */
export const getRoomState = endpoint({
  id: 'getRoomState',
  method: 'GET',
  path: '/_matrix/federation/v1/state/{roomId}',
  access: 'server',
  rateLimited: false,
  query: object({ event_id: string() }),
  response: object({ auth_chain: array(anyObject()), pdus: array(anyObject()) }),
});
