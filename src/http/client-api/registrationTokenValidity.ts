import { registrationTokenValidity } from '../../matrix/api/client-server/registrationTokenValidity.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function registrationTokenValidityRoute({ accounts }: Services): ClientRoute {
  return clientRoute(
    registrationTokenValidity,
    async ({ query }) => ({ valid: (await accounts.registration.findValidToken(query.token)) !== undefined }),
    { limit: 'register' },
  );
}
