import { getRoomVisibilityOnDirectory } from '../../matrix/api/client-server/getRoomVisibilityOnDirectory.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getRoomVisibilityOnDirectoryRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    getRoomVisibilityOnDirectory,
    async ({ path }) => ({
      visibility: (await directory.isPublished(requireRoomId(path['roomId'])))
        ? ('public' as const)
        : ('private' as const),
    }),
    { limit: 'read' },
  );
}
