import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get some account data for the user that is specific to a room. */
export const getAccountDataPerRoom = endpoint({
  id: 'getAccountDataPerRoom',
  method: 'GET',
  path: '/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}',
  access: 'required',
  rateLimited: false,
  response: anyObject(),
});
