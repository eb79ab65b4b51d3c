import { joinRoom } from '../../matrix/api/client-server/joinRoom.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function joinRoomRoute({ lifecycle, directory }: Services): ClientRoute {
  return clientRoute(
    joinRoom,
    async ({ caller, path, body }) => {
      requireActive(caller);
      const roomId = requireRoomId(await directory.resolveAny(path['roomIdOrAlias'] ?? ''));
      await lifecycle.memberships.join(roomId, caller.user, body.reason);
      return { room_id: roomId };
    },
    { limit: 'join' },
  );
}
