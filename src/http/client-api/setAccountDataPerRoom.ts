import { setAccountDataPerRoom } from '../../matrix/api/client-server/setAccountDataPerRoom.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireSelf } from './client-route.ts';

export function setAccountDataPerRoomRoute({ accountData, rooms }: Services): ClientRoute {
  return clientRoute(
    setAccountDataPerRoom,
    async ({ caller, path, body }) => {
      const user = requireSelf(caller, path);
      const room = await rooms.requireMember(user, requireRoomId(path['roomId']));
      await accountData.set(user, room, path['type'] ?? '', body as unknown as JsonObject);
      return {};
    },
    { limit: 'write' },
  );
}
