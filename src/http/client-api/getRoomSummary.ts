import { getRoomSummary } from '../../matrix/api/client-server/getRoomSummary.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, serverNamesOf } from './client-route.ts';

export function getRoomSummaryRoute({ spaces, directory }: Services): ClientRoute {
  return clientRoute(
    getRoomSummary,
    async ({ caller, path, query }) => {
      const { roomId, servers } = await directory.resolveAny(path['roomIdOrAlias'] ?? '');
      const via = [...serverNamesOf(query.via), ...servers];
      return (await spaces.getSummary(caller.user, requireRoomId(roomId), via)) as never;
    },
    { limit: 'read' },
  );
}
