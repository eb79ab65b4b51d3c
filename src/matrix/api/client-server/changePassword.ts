import { anyObject, boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Changes a user's password. */
export const changePassword = endpoint({
  id: 'changePassword',
  method: 'POST',
  path: '/_matrix/client/v3/account/password',
  access: 'optional',
  rateLimited: true,
  body: object({
    new_password: string(),
    logout_devices: optional(boolean()),
    auth: optional(object({ type: optional(string()), session: optional(string()) })),
  }),
  response: anyObject(),
});
