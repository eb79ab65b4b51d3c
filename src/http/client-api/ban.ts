import { ban } from '../../matrix/api/client-server/ban.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireUserId } from './client-route.ts';

export function banRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    ban,
    async ({ caller, path, body }) => {
      await lifecycle.memberships.ban({
        roomId: requireRoomId(path['roomId']),
        sender: caller.user,
        target: requireUserId(body.user_id),
        reason: body.reason,
      });
      return {};
    },
    { limit: 'write' },
  );
}
