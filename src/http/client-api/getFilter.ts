import { getFilter } from '../../matrix/api/client-server/getFilter.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireSelf } from './client-route.ts';

export function getFilterRoute({ accountData }: Services): ClientRoute {
  return clientRoute(getFilter, async ({ caller, path }) =>
    accountData.requireFilter(requireSelf(caller, path), path['filterId'] ?? ''),
  );
}
