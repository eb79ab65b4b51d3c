import { logout_all } from '../../matrix/api/client-server/logout_all.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function logout_allRoute({ devices }: Services): ClientRoute {
  return clientRoute(
    logout_all,
    async ({ caller }) => {
      await devices.deleteAll(caller.user);
      return {};
    },
    { locked: true },
  );
}
