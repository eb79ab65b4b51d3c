import { setRoomStateWithKey } from '../../matrix/api/client-server/setRoomStateWithKey.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function setRoomStateWithKeyRoute({ timeline, directory, rooms }: Services): ClientRoute {
  return clientRoute(
    setRoomStateWithKey,
    async ({ caller, path, body }) => {
      requireActive(caller);
      const roomId = requireRoomId(path['roomId']);
      const type = path['eventType'] ?? '';
      const content = body as unknown as JsonObject;
      if (type === 'm.room.canonical_alias') {
        await directory.checkCanonicalAlias(await rooms.requireJoined(caller.user, roomId), content);
      }
      const stateKey = path['stateKey'] ?? '';
      const eventId = await timeline.send({
        roomId,
        sender: caller.user,
        device: caller.device,
        type,
        stateKey,
        content,
      });
      return { event_id: eventId };
    },
    { limit: 'message' },
  );
}
