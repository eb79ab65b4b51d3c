import { perspectivesKeyQuery } from '../../matrix/api/server-server/perspectivesKeyQuery.ts';
import type { Services } from '../../server/services.ts';
import { JsonAnswer } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function perspectivesKeyQueryRoute({ peers }: Services): FederationRoute {
  return federationRoute(
    perspectivesKeyQuery,
    async ({ path, query }) => {
      const { serverName: server = '', keyId } = path;
      const keyIds = keyId === undefined ? [] : [keyId];
      const keys = await peers.queryKeys([{ server, keyIds, minimumValidUntil: query.minimum_valid_until_ts }]);
      return new JsonAnswer(200, { server_keys: keys });
    },
    { limit: 'keys' },
  );
}
