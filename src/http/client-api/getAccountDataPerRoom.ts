import { getAccountDataPerRoom } from '../../matrix/api/client-server/getAccountDataPerRoom.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireSelf } from './client-route.ts';

export function getAccountDataPerRoomRoute({ accountData, rooms }: Services): ClientRoute {
  return clientRoute(getAccountDataPerRoom, async ({ caller, path }) => {
    const user = requireSelf(caller, path);
    const room = await rooms.requireMember(user, requireRoomId(path['roomId']));
    const content = await accountData.find(user, room, path['type'] ?? '');
    if (content === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such account data');
    return content;
  });
}
