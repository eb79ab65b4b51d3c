import { ban } from '../../matrix/api/client-server/ban.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';
import { memberChange } from './member-change.ts';

export function banRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    ban,
    async (request) => {
      await lifecycle.memberships.ban(memberChange(request));
      return {};
    },
    { limit: 'write' },
  );
}
