/** Every operation of the server-server API that is served. One handler file per operationId. */
import type { Services } from '../../server/services.ts';
import { bulkPerspectivesKeyQueryRoute } from './bulkPerspectivesKeyQuery.ts';
import type { FederationRoute } from './federation-route.ts';
import { getServerKeyRoute } from './getServerKey.ts';
import { getVersionRoute } from './getVersion.ts';
import { getWellKnownRoute } from './getWellKnown.ts';
import { perspectivesKeyQueryRoute } from './perspectivesKeyQuery.ts';

export { authenticateServer, type FederationRoute } from './federation-route.ts';

/** What other servers ask, on listeners with `federation`. */
export function federationRoutes(services: Services): FederationRoute[] {
  return [getVersionRoute(services)];
}

/** Keys, ours and as a notary those of others, on listeners with `keys`. */
export function keyRoutes(services: Services): FederationRoute[] {
  return [getServerKeyRoute, perspectivesKeyQueryRoute, bulkPerspectivesKeyQueryRoute].map((one) => one(services));
}

/** Where this server is: asked under the server's name, which clients may use as well. */
export function discoveryRoutes(services: Services): FederationRoute[] {
  return [getWellKnownRoute(services)];
}
