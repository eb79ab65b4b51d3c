import { checkUsernameAvailability } from '../../matrix/api/client-server/checkUsernameAvailability.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function checkUsernameAvailabilityRoute({ accounts }: Services): ClientRoute {
  return clientRoute(
    checkUsernameAvailability,
    async ({ query }) => {
      await accounts.registration.requireFree(query.username);
      return { available: true };
    },
    { limit: 'register' },
  );
}
