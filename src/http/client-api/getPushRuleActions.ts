import { getPushRuleActions } from '../../matrix/api/client-server/getPushRuleActions.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getPushRuleActionsRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(
    getPushRuleActions,
    async ({ caller, path }) => ({
      actions: (await pushRules.require(caller.user, path['kind'], path['ruleId'] ?? '')).actions as never[],
    }),
    { limit: 'read' },
  );
}
