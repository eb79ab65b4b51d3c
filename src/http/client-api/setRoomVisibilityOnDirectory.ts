import { setRoomVisibilityOnDirectory } from '../../matrix/api/client-server/setRoomVisibilityOnDirectory.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function setRoomVisibilityOnDirectoryRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    setRoomVisibilityOnDirectory,
    async ({ caller, path, body }) => {
      await directory.setPublished(requireRoomId(path['roomId']), caller, body.visibility !== 'private');
      return {};
    },
    { limit: 'write' },
  );
}
