import { boolean, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Query if a given registration token is still valid. */
export const registrationTokenValidity = endpoint({
  id: 'registrationTokenValidity',
  method: 'GET',
  path: '/_matrix/client/v1/register/m.login.registration_token/validity',
  access: 'none',
  rateLimited: true,
  query: object({ token: string() }),
  response: object({ valid: boolean() }),
});
