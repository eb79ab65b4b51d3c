import { anyObject, integer, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get an OpenID token object to verify the requester's identity. */
export const requestOpenIdToken = endpoint({
  id: 'requestOpenIdToken',
  method: 'POST',
  path: '/_matrix/client/v3/user/{userId}/openid/request_token',
  access: 'required',
  rateLimited: true,
  body: anyObject(),
  response: object({
    access_token: string(),
    token_type: string(),
    matrix_server_name: string(),
    expires_in: integer(),
  }),
});
