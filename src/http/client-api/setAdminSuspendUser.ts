import { setAdminSuspendUser } from '../../matrix/api/client-server/setAdminSuspendUser.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireAdmin, requireUserId } from './client-route.ts';

export function setAdminSuspendUserRoute({ accounts }: Services): ClientRoute {
  return clientRoute(
    setAdminSuspendUser,
    async ({ caller, path, body }) => {
      requireAdmin(caller);
      const account = await accounts.requireLocal(requireUserId(path['userId']));
      // "the server … MUST NOT … the requester's own account", nor that of another administrator.
      if (account.admin) throw new MatrixError('M_FORBIDDEN', 'Administrators cannot be suspended');
      await accounts.setFlags(account.user, { suspended: body.suspended });
      return { suspended: body.suspended };
    },
    { limit: 'write' },
  );
}
