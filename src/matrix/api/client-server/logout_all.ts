import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Invalidates all access tokens for a user. */
export const logout_all = endpoint({
  id: 'logout_all',
  method: 'POST',
  path: '/_matrix/client/v3/logout/all',
  access: 'required',
  rateLimited: false,
  response: anyObject(),
});
