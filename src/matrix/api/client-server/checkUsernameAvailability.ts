import { boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Checks to see if a username is available on the server. */
export const checkUsernameAvailability = endpoint({
  id: 'checkUsernameAvailability',
  method: 'GET',
  path: '/_matrix/client/v3/register/available',
  access: 'none',
  rateLimited: true,
  query: object({ username: string() }),
  response: object({ available: optional(boolean()) }),
});
