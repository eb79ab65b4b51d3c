/** The form of a handler file of the server-server API, and who its caller is. */
import { canonicalJson } from '../../matrix/canonical-json.ts';
import type { Endpoint } from '../../matrix/api/declare.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { asObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import type { Incoming } from '../kit/incoming.ts';
import { type Handler, type Route, route, type RouteOptions } from '../kit/route.ts';

/** The caller is the server that signed the request. */
export type FederationRoute = Route<ServerName>;

/** Binds a handler to an endpoint that other servers call. */
export function federationRoute<E extends Endpoint>(
  endpoint: E,
  handler: Handler<E, ServerName>,
  options: RouteOptions = {},
): FederationRoute {
  return route(endpoint, handler, options);
}

/** The server that signed a request: its method, its target as received and its whole body. Throws `M_UNAUTHORIZED`. */
export async function authenticateServer(
  { peers }: Services,
  incoming: Incoming,
  { endpoint }: FederationRoute,
): Promise<ServerName | undefined> {
  if (endpoint.access === 'none') return undefined;
  const { method, target } = incoming;
  return await peers.verifyRequest({
    method,
    target,
    authorization: incoming.headers('authorization'),
    content: async () => {
      if ((await incoming.bytes()).length === 0) return undefined;
      const content = asObject(await incoming.json());
      if (content === undefined) throw new MatrixError('M_BAD_JSON', 'The body is no JSON object');
      return canonicalJson(content, { rawNumbers: true });
    },
  });
}
