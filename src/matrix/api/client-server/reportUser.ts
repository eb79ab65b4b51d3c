import { anyObject, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Report a user as inappropriate. */
export const reportUser = endpoint({
  id: 'reportUser',
  method: 'POST',
  path: '/_matrix/client/v3/users/{userId}/report',
  access: 'required',
  rateLimited: true,
  body: object({ reason: string() }),
  response: anyObject(),
});
