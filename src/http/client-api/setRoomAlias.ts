import { setRoomAlias } from '../../matrix/api/client-server/setRoomAlias.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function setRoomAliasRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    setRoomAlias,
    async ({ caller, path, body }) => {
      requireActive(caller);
      await directory.create(directory.requireAlias(path['roomAlias'] ?? ''), requireRoomId(body.room_id), caller.user);
      return {};
    },
    { limit: 'write' },
  );
}
