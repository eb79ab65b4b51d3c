import { setPushRuleActions } from '../../matrix/api/client-server/setPushRuleActions.ts';
import type { JsonValue } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function setPushRuleActionsRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(
    setPushRuleActions,
    async ({ caller, path, body }) => {
      await pushRules.update(caller.user, path['kind'], path['ruleId'] ?? '', { actions: body.actions as JsonValue[] });
      return {};
    },
    { limit: 'write' },
  );
}
