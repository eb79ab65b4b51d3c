import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get some account data for the user. */
export const getAccountData = endpoint({
  id: 'getAccountData',
  method: 'GET',
  path: '/_matrix/client/v3/user/{userId}/account_data/{type}',
  access: 'required',
  rateLimited: false,
  response: anyObject(),
});
