import { unban } from '../../matrix/api/client-server/unban.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireUserId } from './client-route.ts';

export function unbanRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    unban,
    async ({ caller, path, body }) => {
      await lifecycle.memberships.unban({
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
