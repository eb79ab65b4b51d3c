import { array, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get all the state event IDs of a given room. */
export const getRoomStateIds = endpoint({
  id: 'getRoomStateIds',
  method: 'GET',
  path: '/_matrix/federation/v1/state_ids/{roomId}',
  access: 'server',
  rateLimited: false,
  query: object({ event_id: string() }),
  response: object({ auth_chain_ids: array(string()), pdu_ids: array(string()) }),
});
