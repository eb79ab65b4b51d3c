import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Invalidates a user access token. */
export const logout = endpoint({
  id: 'logout',
  method: 'POST',
  path: '/_matrix/client/v3/logout',
  access: 'required',
  rateLimited: false,
  response: anyObject(),
});
