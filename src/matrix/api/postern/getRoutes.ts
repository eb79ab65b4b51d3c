import { array, integer, object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/**
 * The signed route manifest of this server. Ours: only for its own users, because a route holds the secret that opens
 * it.
 */
export const getRoutes = endpoint({
  id: 'getRoutes',
  method: 'GET',
  path: '/_matrix/client/unstable/org.postern/routes',
  access: 'required',
  rateLimited: true,
  response: object({
    server_name: string(),
    version: integer(),
    issued_ts: integer(),
    expires_ts: integer(),
    routes: array(object({ url: string(), zone: optional(string()) })),
    verify_keys: record(string()),
    signatures: record(record(string())),
  }),
});
