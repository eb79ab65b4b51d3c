import { getMutualRooms } from '../../matrix/api/client-server/getMutualRooms.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireUserId } from './client-route.ts';

export function getMutualRoomsRoute({ context, rooms }: Services): ClientRoute {
  return clientRoute(
    getMutualRooms,
    async ({ caller, query }) => {
      const other = requireUserId(query.user_id);
      if (other === caller.user) throw new MatrixError('M_INVALID_PARAM', 'That is yourself');
      const numbers = await context.store.rooms.listSharedRooms(caller.user, other);
      const joined = (await rooms.getRecords(numbers)).map((one) => one.roomId as string);
      return { joined, count: joined.length };
    },
    { limit: 'read' },
  );
}
