import { array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { memberTemplate } from './definitions.ts';

/** Get information required to make a join event for a room. */
export const makeJoin = endpoint({
  id: 'makeJoin',
  method: 'GET',
  path: '/_matrix/federation/v1/make_join/{roomId}/{userId}',
  access: 'server',
  rateLimited: false,
  query: object({ ver: optional(array(string())) }),
  response: memberTemplate(),
});
