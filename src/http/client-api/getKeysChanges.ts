import { getKeysChanges } from '../../matrix/api/client-server/getKeysChanges.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getKeysChangesRoute({ sync }: Services): ClientRoute {
  return clientRoute(
    getKeysChanges,
    async ({ caller, query }) => {
      const { changed, left } = await sync.deviceListChanges(caller.user, query.from, query.to);
      return { changed: [...changed], left: [...left] };
    },
    { limit: 'keys' },
  );
}
