import { object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Exchange an OpenID token for user information. */
export const exchangeOpenIdToken = endpoint({
  id: 'exchangeOpenIdToken',
  method: 'GET',
  path: '/_matrix/federation/v1/openid/userinfo',
  access: 'none',
  rateLimited: false,
  query: object({ access_token: string() }),
  response: object({ sub: string() }),
});
