import { joinRoomById } from '../../matrix/api/client-server/joinRoomById.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function joinRoomByIdRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    joinRoomById,
    async ({ caller, path, body }) => {
      requireActive(caller);
      const roomId = requireRoomId(path['roomId']);
      await lifecycle.memberships.join(roomId, caller.user, { reason: body.reason });
      return { room_id: roomId };
    },
    { limit: 'join' },
  );
}
