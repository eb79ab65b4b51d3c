import { boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Registers an account with the shared secret. Not of the specification: tools, bots and test suites speak it. */
export const registerWithSecret = endpoint({
  id: 'registerWithSecret',
  method: 'POST',
  path: '/_synapse/admin/v1/register',
  access: 'none',
  rateLimited: false,
  body: object({
    nonce: string(),
    username: string(),
    password: string(),
    admin: optional(boolean()),
    displayname: optional(string()),
    user_type: optional(string()),
    mac: string(),
    inhibit_login: optional(boolean()),
  }),
  response: object({
    user_id: string(),
    home_server: string(),
    access_token: optional(string()),
    device_id: optional(string()),
  }),
});
