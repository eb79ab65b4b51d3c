import { getRoomTags } from '../../matrix/api/client-server/getRoomTags.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireSelf } from './client-route.ts';

export function getRoomTagsRoute({ accountData, rooms }: Services): ClientRoute {
  return clientRoute(
    getRoomTags,
    async ({ caller, path }) => {
      const room = await rooms.requireMember(requireSelf(caller, path), requireRoomId(path['roomId']));
      return { tags: (await accountData.getTags(caller.user, room)) as never };
    },
    { limit: 'read' },
  );
}
