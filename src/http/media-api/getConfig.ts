import { getConfig } from '../../matrix/api/client-server/getConfig.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function getConfigRoute({ facts }: Services): ClientRoute {
  return clientRoute(getConfig, async () => ({ 'm.upload.size': facts.maxUploadBytes }), { limit: 'read' });
}
