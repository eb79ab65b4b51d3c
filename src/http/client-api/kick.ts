import { kick } from '../../matrix/api/client-server/kick.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireUserId } from './client-route.ts';

export function kickRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    kick,
    async ({ caller, path, body }) => {
      await lifecycle.memberships.kick({
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
