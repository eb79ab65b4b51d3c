import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Set a profile field for a user. */
export const setProfileField = endpoint({
  id: 'setProfileField',
  method: 'PUT',
  path: '/_matrix/client/v3/profile/{userId}/{keyName}',
  access: 'required',
  rateLimited: true,
  body: anyObject(),
  response: anyObject(),
});
