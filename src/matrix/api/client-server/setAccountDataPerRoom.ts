import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Set some account data for the user that is specific to a room. */
export const setAccountDataPerRoom = endpoint({
  id: 'setAccountDataPerRoom',
  method: 'PUT',
  path: '/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}',
  access: 'required',
  rateLimited: false,
  body: anyObject(),
  response: anyObject(),
});
