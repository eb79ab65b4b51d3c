import { defineFilter } from '../../matrix/api/client-server/defineFilter.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireSelf } from './client-route.ts';

export function defineFilterRoute({ accountData }: Services): ClientRoute {
  return clientRoute(
    defineFilter,
    async ({ caller, path, body }) => ({
      filter_id: await accountData.defineFilter(requireSelf(caller, path), body as unknown as JsonObject),
    }),
    { limit: 'write' },
  );
}
