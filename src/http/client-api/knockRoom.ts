import { knockRoom } from '../../matrix/api/client-server/knockRoom.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function knockRoomRoute({ lifecycle, directory }: Services): ClientRoute {
  return clientRoute(
    knockRoom,
    async ({ caller, path, body }) => {
      requireActive(caller);
      const roomId = requireRoomId(await directory.resolveAny(path['roomIdOrAlias'] ?? ''));
      await lifecycle.memberships.knock(roomId, caller.user, body.reason);
      return { room_id: roomId };
    },
    { limit: 'join' },
  );
}
