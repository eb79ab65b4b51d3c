import { setPushRuleEnabled } from '../../matrix/api/client-server/setPushRuleEnabled.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function setPushRuleEnabledRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(
    setPushRuleEnabled,
    async ({ caller, path, body }) => {
      await pushRules.update(caller.user, path['kind'], path['ruleId'] ?? '', { enabled: body.enabled });
      return {};
    },
    { limit: 'write' },
  );
}
