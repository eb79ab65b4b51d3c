import { setReadMarker } from '../../matrix/api/client-server/setReadMarker.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireEventId, requireRoomId } from './client-route.ts';

export function setReadMarkerRoute({ receipts }: Services): ClientRoute {
  return clientRoute(
    setReadMarker,
    async ({ caller, path, body }) => {
      const roomId = requireRoomId(path['roomId']);
      for (const type of ['m.fully_read', 'm.read', 'm.read.private'] as const) {
        const event = body[type];
        if (event === undefined) continue;
        await receipts.set({ roomId, user: caller.user, type, event: requireEventId(event), thread: undefined });
      }
      return {};
    },
    { limit: 'write' },
  );
}
