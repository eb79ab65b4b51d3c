import { setRoomTag } from '../../matrix/api/client-server/setRoomTag.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireSelf } from './client-route.ts';

export function setRoomTagRoute({ accountData, rooms }: Services): ClientRoute {
  return clientRoute(
    setRoomTag,
    async ({ caller, path, body }) => {
      const room = await rooms.requireMember(requireSelf(caller, path), requireRoomId(path['roomId']));
      await accountData.setTag(caller.user, room, path['tag'] ?? '', body as unknown as JsonObject);
      return {};
    },
    { limit: 'write' },
  );
}
