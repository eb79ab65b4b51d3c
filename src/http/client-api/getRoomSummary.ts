import { getRoomSummary } from '../../matrix/api/client-server/getRoomSummary.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getRoomSummaryRoute({ spaces, directory }: Services): ClientRoute {
  return clientRoute(
    getRoomSummary,
    async ({ caller, path }) => {
      const roomId = requireRoomId((await directory.resolveAny(path['roomIdOrAlias'] ?? '')).roomId);
      return (await spaces.getSummary(caller.user, roomId)) as never;
    },
    { limit: 'read' },
  );
}
