import { boolean, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Register for an account on this homeserver. */
export const register = endpoint({
  id: 'register',
  method: 'POST',
  path: '/_matrix/client/v3/register',
  access: 'none',
  rateLimited: true,
  query: object({ kind: optional(oneOf(['guest', 'user'])) }),
  body: object({
    auth: optional(object({ type: optional(string()), session: optional(string()) })),
    username: optional(string()),
    password: optional(string()),
    device_id: optional(string()),
    initial_device_display_name: optional(string()),
    inhibit_login: optional(boolean()),
    refresh_token: optional(boolean()),
  }),
  response: object({
    user_id: string(),
    access_token: optional(string()),
    refresh_token: optional(string()),
    expires_in_ms: optional(integer()),
    home_server: optional(string()),
    device_id: optional(string()),
  }),
});
