import { getJoinedRooms } from '../../matrix/api/client-server/getJoinedRooms.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getJoinedRoomsRoute({ rooms }: Services): ClientRoute {
  return clientRoute(
    getJoinedRooms,
    async ({ caller }) => ({
      joined_rooms: (await rooms.listMemberships(caller.user, ['join'])).map((one) => one.roomId),
    }),
    { limit: 'read' },
  );
}
