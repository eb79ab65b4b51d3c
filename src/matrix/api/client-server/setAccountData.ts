import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Set some account data for the user. */
export const setAccountData = endpoint({
  id: 'setAccountData',
  method: 'PUT',
  path: '/_matrix/client/v3/user/{userId}/account_data/{type}',
  access: 'required',
  rateLimited: false,
  body: anyObject(),
  response: anyObject(),
});
