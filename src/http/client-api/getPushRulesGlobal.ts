import { getPushRulesGlobal } from '../../matrix/api/client-server/getPushRulesGlobal.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getPushRulesGlobalRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(getPushRulesGlobal, async ({ caller }) => (await pushRules.get(caller.user)) as never, {
    limit: 'read',
  });
}
