import { deletePushRule } from '../../matrix/api/client-server/deletePushRule.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function deletePushRuleRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(
    deletePushRule,
    async ({ caller, path }) => {
      await pushRules.delete(caller.user, path['kind'], path['ruleId'] ?? '');
      return {};
    },
    { limit: 'write' },
  );
}
