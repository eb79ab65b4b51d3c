import { isPushRuleEnabled } from '../../matrix/api/client-server/isPushRuleEnabled.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function isPushRuleEnabledRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(
    isPushRuleEnabled,
    async ({ caller, path }) => ({
      enabled: (await pushRules.require(caller.user, path['kind'], path['ruleId'] ?? '')).enabled,
    }),
    { limit: 'read' },
  );
}
