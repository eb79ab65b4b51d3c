import { getPushRules } from '../../matrix/api/client-server/getPushRules.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getPushRulesRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(getPushRules, async ({ caller }) => ({ global: (await pushRules.get(caller.user)) as never }), {
    limit: 'read',
  });
}
