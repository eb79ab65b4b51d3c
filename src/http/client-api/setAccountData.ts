import { setAccountData } from '../../matrix/api/client-server/setAccountData.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireSelf } from './client-route.ts';

export function setAccountDataRoute({ accountData }: Services): ClientRoute {
  return clientRoute(
    setAccountData,
    async ({ caller, path, body }) => {
      const user = requireSelf(caller, path);
      await accountData.set(user, undefined, path['type'] ?? '', body as unknown as JsonObject);
      return {};
    },
    { limit: 'write' },
  );
}
