import { logout } from '../../matrix/api/client-server/logout.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function logoutRoute({ devices }: Services): ClientRoute {
  return clientRoute(
    logout,
    async ({ caller }) => {
      await devices.delete(caller.user, [caller.device]);
      return {};
    },
    { locked: true },
  );
}
