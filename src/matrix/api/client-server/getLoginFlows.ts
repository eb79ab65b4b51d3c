import { array, boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get the supported login types to authenticate users. */
export const getLoginFlows = endpoint({
  id: 'getLoginFlows',
  method: 'GET',
  path: '/_matrix/client/v3/login',
  access: 'none',
  rateLimited: true,
  response: object({ flows: optional(array(object({ type: string(), get_login_token: optional(boolean()) }))) }),
});
