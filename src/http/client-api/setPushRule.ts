import { setPushRule } from '../../matrix/api/client-server/setPushRule.ts';
import type { JsonValue } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function setPushRuleRoute({ pushRules }: Services): ClientRoute {
  return clientRoute(
    setPushRule,
    async ({ caller, path, query, body }) => {
      await pushRules.put(caller.user, path['kind'], path['ruleId'] ?? '', {
        actions: body.actions as JsonValue[],
        conditions: body.conditions as JsonValue[] | undefined,
        pattern: body.pattern,
        before: query.before,
        after: query.after,
      });
      return {};
    },
    { limit: 'write' },
  );
}
