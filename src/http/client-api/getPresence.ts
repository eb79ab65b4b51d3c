import { getPresence } from '../../matrix/api/client-server/getPresence.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireUserId } from './client-route.ts';

export function getPresenceRoute({ presence, context }: Services): ClientRoute {
  return clientRoute(
    getPresence,
    async ({ caller, path }) => {
      const user = requireUserId(path['userId']);
      // "You are not allowed to see this user's presence status": only those who share a room may.
      const shared = user === caller.user || (await context.store.rooms.listSharedRooms(caller.user, user)).length > 0;
      if (!shared) throw new MatrixError('M_FORBIDDEN', 'You share no room with this user');
      return presence.contentOf(user) as never;
    },
    { limit: 'read' },
  );
}
