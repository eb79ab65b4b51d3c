import { inviteUser } from '../../matrix/api/client-server/inviteUser.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireUserId } from './client-route.ts';

export function inviteUserRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    inviteUser,
    async ({ caller, path, body }) => {
      requireActive(caller);
      await lifecycle.memberships.invite({
        roomId: requireRoomId(path['roomId']),
        sender: caller.user,
        target: requireUserId(body.user_id),
        reason: body.reason,
      });
      return {};
    },
    { limit: 'invite' },
  );
}
