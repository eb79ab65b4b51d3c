import { deleteRoomTag } from '../../matrix/api/client-server/deleteRoomTag.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireSelf } from './client-route.ts';

export function deleteRoomTagRoute({ accountData, rooms }: Services): ClientRoute {
  return clientRoute(
    deleteRoomTag,
    async ({ caller, path }) => {
      const room = await rooms.requireMember(requireSelf(caller, path), requireRoomId(path['roomId']));
      await accountData.setTag(caller.user, room, path['tag'] ?? '', undefined);
      return {};
    },
    { limit: 'write' },
  );
}
