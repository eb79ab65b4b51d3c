import { array, integer, object, optional } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { serverKeys } from './definitions.ts';

/** Query for another server's keys. */
export const perspectivesKeyQuery = endpoint({
  id: 'perspectivesKeyQuery',
  method: 'GET',
  path: '/_matrix/key/v2/query/{serverName}',
  aliases: ['/_matrix/key/v2/query/{serverName}/{keyId}'],
  access: 'none',
  rateLimited: false,
  query: object({ minimum_valid_until_ts: optional(integer()) }),
  response: object({ server_keys: optional(array(serverKeys())) }),
});
