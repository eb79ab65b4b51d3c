import { getAdminSuspendUser } from '../../matrix/api/client-server/getAdminSuspendUser.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireAdmin, requireUserId } from './client-route.ts';

export function getAdminSuspendUserRoute({ accounts }: Services): ClientRoute {
  return clientRoute(
    getAdminSuspendUser,
    async ({ caller, path }) => {
      requireAdmin(caller);
      const account = await accounts.requireLocal(requireUserId(path['userId']));
      return { suspended: account.suspended };
    },
    { limit: 'read' },
  );
}
