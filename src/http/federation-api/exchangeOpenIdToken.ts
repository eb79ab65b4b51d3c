import { exchangeOpenIdToken } from '../../matrix/api/server-server/exchangeOpenIdToken.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function exchangeOpenIdTokenRoute({ accounts }: Services): FederationRoute {
  return federationRoute(
    exchangeOpenIdToken,
    async ({ query }) => ({ sub: await accounts.openId.exchange(query.access_token) }),
    { limit: 'read' },
  );
}
