import { boolean, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Set the suspended status of a particular user. */
export const setAdminSuspendUser = endpoint({
  id: 'setAdminSuspendUser',
  method: 'PUT',
  path: '/_matrix/client/v1/admin/suspend/{userId}',
  access: 'required',
  rateLimited: false,
  body: object({ suspended: boolean() }),
  response: object({ suspended: boolean() }),
});
