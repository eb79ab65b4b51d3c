import { kick } from '../../matrix/api/client-server/kick.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';
import { memberChange } from './member-change.ts';

export function kickRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    kick,
    async (request) => {
      await lifecycle.memberships.kick(memberChange(request));
      return {};
    },
    { limit: 'write' },
  );
}
