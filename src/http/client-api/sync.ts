import type { QueryOf } from '../../matrix/api/declare.ts';
import { sync as syncEndpoint } from '../../matrix/api/client-server/sync.ts';
import type { UserId } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { JsonText } from '../kit/answer.ts';
import { readFilter } from './read-filter.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

/** MSC4222 before it was merged had its own names, which deployed clients still use. */
function stateAfterName(query: QueryOf<typeof syncEndpoint>): string | undefined {
  if (query.use_state_after === true) return 'state_after';
  return query['org.matrix.msc4222.use_state_after'] === true ? 'org.matrix.msc4222.state_after' : undefined;
}

export function syncRoute({ sync, accountData }: Services): ClientRoute {
  const storedFilter = async (filterId: string | undefined, user: UserId): Promise<JsonObject | undefined> =>
    filterId === undefined ? undefined : await accountData.requireFilter(user, filterId);
  return clientRoute(
    syncEndpoint,
    async ({ caller, query, request }) => {
      const filter =
        query.filter?.startsWith('{') === true
          ? readFilter(query.filter)
          : await storedFilter(query.filter, caller.user);
      return new JsonText(
        await sync.v3.sync({
          viewer: caller,
          since: query.since,
          filter,
          fullState: query.full_state === true,
          timeoutMs: query.timeout ?? 0,
          setPresence: query.set_presence ?? 'online',
          stateAfterName: stateAfterName(query),
          signal: request.signal,
        }),
      );
    },
    { limit: 'read' },
  );
}
