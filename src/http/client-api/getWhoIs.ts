import { getWhoIs } from '../../matrix/api/client-server/getWhoIs.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireAdmin, requireUserId } from './client-route.ts';

export function getWhoIsRoute({ accounts, devices }: Services): ClientRoute {
  return clientRoute(
    getWhoIs,
    async ({ caller, path }) => {
      const user = requireUserId(path['userId']);
      if (user !== caller.user) requireAdmin(caller);
      const account = await accounts.requireLocal(user);
      // No address and no user agent is ever stored, so there is nothing to tell of the sessions.
      const list = await devices.list(account.user);
      return { user_id: user, devices: Object.fromEntries(list.map((one) => [one.device, { sessions: [] }])) } as never;
    },
    { limit: 'read' },
  );
}
