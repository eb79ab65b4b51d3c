import { integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Refresh an access token. */
export const refresh = endpoint({
  id: 'refresh',
  method: 'POST',
  path: '/_matrix/client/v3/refresh',
  access: 'none',
  rateLimited: true,
  body: object({ refresh_token: string() }),
  response: object({ access_token: string(), refresh_token: optional(string()), expires_in_ms: optional(integer()) }),
});
