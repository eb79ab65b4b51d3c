import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Remove a profile field from a user. */
export const deleteProfileField = endpoint({
  id: 'deleteProfileField',
  method: 'DELETE',
  path: '/_matrix/client/v3/profile/{userId}/{keyName}',
  access: 'required',
  rateLimited: true,
  response: anyObject(),
});
