import { boolean, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Authenticates the user. */
export const login = endpoint({
  id: 'login',
  method: 'POST',
  path: '/_matrix/client/v3/login',
  access: 'none',
  rateLimited: true,
  body: object({
    type: string(),
    identifier: optional(object({ type: string() })),
    user: optional(string()),
    medium: optional(string()),
    address: optional(string()),
    password: optional(string()),
    token: optional(string()),
    device_id: optional(string()),
    initial_device_display_name: optional(string()),
    refresh_token: optional(boolean()),
  }),
  response: object({
    user_id: string(),
    access_token: string(),
    refresh_token: optional(string()),
    expires_in_ms: optional(integer()),
    home_server: optional(string()),
    device_id: string(),
    well_known: optional(
      object({
        'm.homeserver': object({ base_url: string() }),
        'm.identity_server': optional(object({ base_url: string() })),
      }),
    ),
  }),
});
