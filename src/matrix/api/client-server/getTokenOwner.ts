import { boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets information about the owner of an access token. */
export const getTokenOwner = endpoint({
  id: 'getTokenOwner',
  method: 'GET',
  path: '/_matrix/client/v3/account/whoami',
  access: 'required',
  rateLimited: true,
  response: object({ user_id: string(), device_id: optional(string()), is_guest: optional(boolean()) }),
});
