import { array, boolean, object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets the versions of the specification supported by the server. */
export const getVersions = endpoint({
  id: 'getVersions',
  method: 'GET',
  path: '/_matrix/client/versions',
  access: 'optional',
  rateLimited: false,
  response: object({ versions: array(string()), unstable_features: optional(record(boolean())) }),
});
