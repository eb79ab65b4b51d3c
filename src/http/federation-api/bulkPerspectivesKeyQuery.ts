import { bulkPerspectivesKeyQuery } from '../../matrix/api/server-server/bulkPerspectivesKeyQuery.ts';
import type { Services } from '../../server/services.ts';
import { JsonAnswer } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function bulkPerspectivesKeyQueryRoute({ peers }: Services): FederationRoute {
  return federationRoute(
    bulkPerspectivesKeyQuery,
    async ({ body }) => {
      const queries = Object.entries(body.server_keys).map(([server, criteria]) => {
        const minima = Object.values(criteria).flatMap(({ minimum_valid_until_ts: minimum }) => minimum ?? []);
        return {
          server,
          keyIds: Object.keys(criteria),
          minimumValidUntil: minima.length === 0 ? undefined : Math.max(...minima),
        };
      });
      return new JsonAnswer(200, { server_keys: await peers.queryKeys(queries) });
    },
    { limit: 'keys' },
  );
}
