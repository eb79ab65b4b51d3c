import { getVersion } from '../../matrix/api/server-server/getVersion.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function getVersionRoute({ facts }: Services): FederationRoute {
  return federationRoute(getVersion, async () => ({ server: { name: 'Postern', version: facts.version } }));
}
