import { getPushRule } from '../../matrix/api/client-server/getPushRule.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getPushRuleRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(
    getPushRule,
    async ({ caller, path }) => (await pushRules.require(caller.user, path['kind'], path['ruleId'] ?? '')) as never,
    { limit: 'read' },
  );
}
