import { boolean, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets information about the suspended status of a particular user. */
export const getAdminSuspendUser = endpoint({
  id: 'getAdminSuspendUser',
  method: 'GET',
  path: '/_matrix/client/v1/admin/suspend/{userId}',
  access: 'required',
  rateLimited: false,
  response: object({ suspended: boolean() }),
});
