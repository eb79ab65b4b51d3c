import { boolean, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Set the locked status of a particular user. */
export const setAdminLockUser = endpoint({
  id: 'setAdminLockUser',
  method: 'PUT',
  path: '/_matrix/client/v1/admin/lock/{userId}',
  access: 'required',
  rateLimited: false,
  body: object({ locked: boolean() }),
  response: object({ locked: boolean() }),
});
