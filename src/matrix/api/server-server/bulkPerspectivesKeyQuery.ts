import { array, integer, object, optional, record } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { serverKeys } from './definitions.ts';

/** Query for several server's keys. */
export const bulkPerspectivesKeyQuery = endpoint({
  id: 'bulkPerspectivesKeyQuery',
  method: 'POST',
  path: '/_matrix/key/v2/query',
  access: 'none',
  rateLimited: false,
  body: object({ server_keys: record(record(object({ minimum_valid_until_ts: optional(integer()) }))) }),
  response: object({ server_keys: optional(array(serverKeys())) }),
});
