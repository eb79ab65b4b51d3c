import { boolean, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Deactivate a user's account. */
export const deactivateAccount = endpoint({
  id: 'deactivateAccount',
  method: 'POST',
  path: '/_matrix/client/v3/account/deactivate',
  access: 'optional',
  rateLimited: true,
  body: object({
    auth: optional(object({ type: optional(string()), session: optional(string()) })),
    id_server: optional(string()),
    erase: optional(boolean()),
  }),
  response: object({ id_server_unbind_result: oneOf(['success', 'no-support']) }),
});
