import { forgetRoom } from '../../matrix/api/client-server/forgetRoom.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function forgetRoomRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    forgetRoom,
    async ({ caller, path }) => {
      await lifecycle.memberships.forget(requireRoomId(path['roomId']), caller.user);
      return {};
    },
    { limit: 'write' },
  );
}
