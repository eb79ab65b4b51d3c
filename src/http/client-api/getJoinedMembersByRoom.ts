import { getJoinedMembersByRoom } from '../../matrix/api/client-server/getJoinedMembersByRoom.ts';
import { getString } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getJoinedMembersByRoomRoute({ rooms }: Services): ClientRoute {
  return clientRoute(
    getJoinedMembersByRoom,
    async ({ caller, path }) => {
      const room = await rooms.requireJoined(caller.user, requireRoomId(path['roomId']));
      await rooms.partial.whenWhole(room);
      const members = await rooms.getMembers(room, ['join']);
      const joined = members.map(({ pdu }) => {
        const displayName = getString(pdu.content, 'displayname');
        const avatarUrl = getString(pdu.content, 'avatar_url');
        return [
          pdu.stateKey,
          {
            ...(displayName !== undefined && { display_name: displayName }),
            ...(avatarUrl !== undefined && { avatar_url: avatarUrl }),
          },
        ] as const;
      });
      return { joined: Object.fromEntries(joined) };
    },
    { limit: 'read' },
  );
}
