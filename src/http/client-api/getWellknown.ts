import { getWellknown } from '../../matrix/api/client-server/getWellknown.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getWellknownRoute({ facts }: Services): ClientRoute {
  return clientRoute(getWellknown, async () => ({ 'm.homeserver': { base_url: facts.publicBaseUrl } }));
}
