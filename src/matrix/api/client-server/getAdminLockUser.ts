import { boolean, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets information about the locked status of a particular user. */
export const getAdminLockUser = endpoint({
  id: 'getAdminLockUser',
  method: 'GET',
  path: '/_matrix/client/v1/admin/lock/{userId}',
  access: 'required',
  rateLimited: false,
  response: object({ locked: boolean() }),
});
