import { knockRoom } from '../../matrix/api/client-server/knockRoom.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, serverNamesOf } from './client-route.ts';

export function knockRoomRoute({ lifecycle, directory }: Services): ClientRoute {
  return clientRoute(
    knockRoom,
    async ({ caller, path, query, body }) => {
      requireActive(caller);
      const { roomId: id, servers } = await directory.resolveAny(path['roomIdOrAlias'] ?? '');
      const roomId = requireRoomId(id);
      const via = [...serverNamesOf(query.via), ...servers];
      await lifecycle.memberships.knock(roomId, caller.user, { reason: body.reason, via });
      return { room_id: roomId };
    },
    { limit: 'join' },
  );
}
