import { anyObject } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get a profile field for a user. */
export const getProfileField = endpoint({
  id: 'getProfileField',
  method: 'GET',
  path: '/_matrix/client/v3/profile/{userId}/{keyName}',
  access: 'none',
  rateLimited: false,
  response: anyObject(),
});
