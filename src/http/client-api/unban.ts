import { unban } from '../../matrix/api/client-server/unban.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';
import { memberChange } from './member-change.ts';

export function unbanRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    unban,
    async (request) => {
      await lifecycle.memberships.unban(memberChange(request));
      return {};
    },
    { limit: 'write' },
  );
}
