import { getLoginFlows } from '../../matrix/api/client-server/getLoginFlows.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getLoginFlowsRoute(_services: Services): ClientRoute {
  return clientRoute(getLoginFlows, async () => ({ flows: [{ type: 'm.login.password' as const }] }), {
    limit: 'read',
  });
}
