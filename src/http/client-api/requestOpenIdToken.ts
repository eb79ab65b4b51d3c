import { requestOpenIdToken } from '../../matrix/api/client-server/requestOpenIdToken.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireSelf } from './client-route.ts';

export function requestOpenIdTokenRoute({ accounts, context }: Services): ClientRoute {
  return clientRoute(
    requestOpenIdToken,
    async ({ caller, path }) => {
      const { token, expiresInMs } = await accounts.openId.issue(requireSelf(caller, path));
      return {
        access_token: token,
        token_type: 'Bearer',
        matrix_server_name: context.serverName,
        expires_in: Math.floor(expiresInMs / 1_000),
      };
    },
    { limit: 'write' },
  );
}
