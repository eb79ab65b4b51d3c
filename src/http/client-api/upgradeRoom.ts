import { upgradeRoom } from '../../matrix/api/client-server/upgradeRoom.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { requireActive } from './require-active.ts';
import { findRoomVersion } from '../../matrix/room-versions.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireUserId } from './client-route.ts';

export function upgradeRoomRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    upgradeRoom,
    async ({ caller, path, body }) => {
      requireActive(caller);
      const rules = findRoomVersion(body.new_version);
      if (rules === undefined)
        throw new MatrixError('M_UNSUPPORTED_ROOM_VERSION', 'This room version is not supported');
      const replacement = await lifecycle.upgrade.upgrade({
        roomId: requireRoomId(path['roomId']),
        user: caller.user,
        rules,
        additionalCreators: (body.additional_creators ?? []).map(requireUserId),
      });
      return { replacement_room: replacement };
    },
    { limit: 'join' },
  );
}
