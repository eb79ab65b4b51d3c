import { array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Query users with recent device key updates. */
export const getKeysChanges = endpoint({
  id: 'getKeysChanges',
  method: 'GET',
  path: '/_matrix/client/v3/keys/changes',
  access: 'required',
  rateLimited: false,
  query: object({ from: string(), to: string() }),
  response: object({ changed: optional(array(string())), left: optional(array(string())) }),
});
